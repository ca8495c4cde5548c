"""Keeps the guard informed of what it is to end."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType

from stack import guard

_EXIT_SECONDS = 10


class Guardian:
    """Runs `stack.guard` while a stack is open."""

    def __enter__(self) -> "Guardian":
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(guard.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._guard.stdin:
            self._guard.stdin.close()
        self._guard.wait(_EXIT_SECONDS)

    def watch(self, group: int) -> None:
        """Have a process group ended with the stack."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Take back `watch`: the group has ended, and its number may be given to others."""
        self._tell(f"-{group}\n")

    def _tell(self, message: str) -> None:
        if self._guard.stdin and self._guard.poll() is None:
            self._guard.stdin.write(message.encode())
            self._guard.stdin.flush()
