"""Makes sure that no process outlives the stack."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType

from stack import orphan_reaper_main
from stack.errors import StackError

_EXIT_SECONDS = 10


class OrphanReaper:
    """Runs `stack.orphan_reaper_main` while a stack runs, and another where that was killed."""

    def __init__(self) -> None:
        self._groups: set[int] = set()

    def __enter__(self) -> "OrphanReaper":
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._input.close()
        self._process.wait(_EXIT_SECONDS)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def watch(self, group: int) -> None:
        """End a process group when the stack dies."""
        self._groups.add(group)
        self._write(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Undo `watch`: the group has ended, and its id may be reused."""
        self._groups.discard(group)
        self._write(f"-{group}\n")

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(orphan_reaper_main.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
        if self._process.stdin is None:
            raise StackError("The orphan reaper has no input.")
        self._input = self._process.stdin

    def _write(self, message: str) -> None:
        try:
            self._input.write(message.encode())
        except BrokenPipeError:
            self._input.close()
            self._process.wait(_EXIT_SECONDS)
            self._start()
            for group in self._groups:
                self._write(f"+{group}\n")
