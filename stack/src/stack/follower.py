"""Shows logs on the terminal as they grow."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

from rich.console import Console
from rich.text import Text

_POLL_SECONDS = 0.1
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")


class LogFollower:
    """Follows log files from where they stand, each line with its process's name.

    The processes write to files rather than to us, so that a slow terminal never holds them up.

    Args:
        logs: The files, by process.
        console: Where the lines go.
    """

    def __init__(self, logs: Mapping[str, Path], console: Console) -> None:
        self._logs = logs
        self._console = console
        self._width = max(map(len, logs))

    async def __aenter__(self) -> "LogFollower":
        self._files = {
            name: log.open(encoding="utf-8", errors="replace") for name, log in self._logs.items()
        }
        self._partial = dict.fromkeys(self._logs, "")
        for file in self._files.values():
            file.seek(0, 2)
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        self._show_new()
        for file in self._files.values():
            file.close()

    async def _follow(self) -> None:
        while True:
            self._show_new()
            await asyncio.sleep(_POLL_SECONDS)

    def _show_new(self) -> None:
        for number, (name, file) in enumerate(self._files.items()):
            prefix = Text(f"{name:<{self._width}} ", style=_COLOURS[number % len(_COLOURS)])
            for line in self._lines(name, file):
                self._console.print(prefix + Text.from_ansi(line), soft_wrap=True)

    def _lines(self, name: str, file: IO[str]) -> list[str]:
        """Return the lines that became complete since the last time."""
        *lines, self._partial[name] = (self._partial[name] + file.read()).split("\n")
        return lines
