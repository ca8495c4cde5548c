"""Folders that are made whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.errors import StackError


def refuse_contents(folder: Path, reason: str) -> None:
    """Fail unless a folder is empty, or there is none.

    Raises:
        StackError: There is something in it, or it is no folder.
    """
    try:
        content = next(folder.iterdir(), None)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StackError(f"{folder} cannot be used: {error.strerror}") from error
    if content is not None:
        raise StackError(f"{folder} is not empty: it has {content.name}. {reason}.")


@contextmanager
def whole_or_nothing(folder: Path) -> Iterator[Path]:
    """Yield a new folder that becomes `folder` at the end, or is removed after an error.

    Args:
        folder: What is empty or missing.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside it, and for its owner alone: it has what people wrote.
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield made
        _sync(made)
        # Replaces an empty folder, and fails where somebody has put something in it meanwhile.
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made)
        raise


def _sync(folder: Path) -> None:
    """Have all that is in a folder on the disk: the rename is to be the last thing that happens."""
    for path in (folder, *folder.rglob("*")):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
