"""Output for people, which never ends the stack: a reader may go, and a disk may be full."""

import contextlib
import errno
import os
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape


class Output(Console):
    """A console that falls silent where it cannot write.

    Args:
        options: Those of `rich.console.Console`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(soft_wrap=True, **options)
        self.failure: OSError | None = None
        """Why it fell silent; None where only its reader has gone, or it has not."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, unless that failed before."""
        try:
            super().print(*objects, **options)
        except OSError as error:
            self._fall_silent(error)

    def on_broken_pipe(self) -> None:
        """Leave it to `print`."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    def finish(self) -> None:
        """Write what is still buffered."""
        try:
            self.file.flush()
        except OSError as error:
            self._fall_silent(error)

    def _fall_silent(self, error: OSError) -> None:
        self.quiet = True
        if error.errno != errno.EPIPE:
            self.failure = self.failure or error
        # The interpreter flushes once more at its end.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def prepare_streams() -> None:
    """Make stdout and stderr take any text, also where a shell left them closed.

    What the terminal's encoding lacks is written as `?`.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the end
        else:
            stream.reconfigure(errors="replace")


def print_error(message: str) -> None:
    """Print an error to stderr; where that fails there is nobody to read it."""
    Output(stderr=True).print(f"[bold red]Error:[/] {escape(message)}", highlight=False)
