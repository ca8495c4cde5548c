"""Makes sure that no process outlives the stack."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType

from stack import orphan_reaper_main

_EXIT_SECONDS = 10


class OrphanReaper:
    """Runs `stack.orphan_reaper_main` while a stack runs."""

    def __enter__(self) -> "OrphanReaper":
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(orphan_reaper_main.__file__))],
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
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(_EXIT_SECONDS)

    def watch(self, group: int) -> None:
        """End a process group when the stack dies."""
        self._write(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Undo `watch`: the group has ended, and its id may be reused."""
        self._write(f"-{group}\n")

    def _write(self, message: str) -> None:
        if self._process.stdin and self._process.poll() is None:
            self._process.stdin.write(message.encode())
            self._process.stdin.flush()
