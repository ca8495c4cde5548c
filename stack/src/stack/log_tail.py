"""Shows logs on the terminal as they grow, like `tail -f`."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

from rich.console import Console
from rich.text import Text

_POLL_SECONDS = 0.1
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")


class LogTail:
    """Follows log files from their current ends; each line is prefixed by its process.

    The processes write to files rather than to a pipe, so that a slow terminal never blocks them.

    Args:
        logs: The files, by process.
        console: Takes the lines.
    """

    def __init__(self, logs: Mapping[str, Path], console: Console) -> None:
        self._logs = logs
        self._console = console
        self._width = max(map(len, logs))

    async def __aenter__(self) -> "LogTail":
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
        """Return the lines completed since the last call."""
        *lines, self._partial[name] = (self._partial[name] + file.read()).split("\n")
        return lines
