"""Locks the run directory against a second stack."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import IO

from stack.errors import StackError
from stack.layout import unusable


class RunDirectoryLock:
    """A lock that is released when its process ends, even by SIGKILL.

    Args:
        directory: The run directory; created where missing.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file: IO[str] | None = None

    def __enter__(self) -> "RunDirectoryLock":
        """Lock the directory.

        Raises:
            StackError: It cannot be written, or another stack has it.
        """
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            file = (self._directory / "lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise unusable(self._directory, error.strerror) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise StackError(
                f"{self._directory} is in use by another stack (process {holder}). "
                "Stop it, or choose another folder with RUN_DIR."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()
            self._file = None
