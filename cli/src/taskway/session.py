"""What every command uses: the API, and output for people or for programs."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import typer
from rich.table import Table
from rich.text import Text

from taskway.api import Api
from taskway.terminal import Terminal, plain, printable

INCOMPLETE = "The list is being rebuilt after a restart: there may be more."
Cell = str | Text
"""A cell of a table: data, which is shown as it is, or a text with a style."""

COLOURS = {
    "RUNNING": "cyan",
    "PENDING": "cyan",
    "COMPLETED": "green",
    "FAILED": "red",
    "TERMINATED": "red",
    "SUSPENDED": "yellow",
    "STALLED": "red",
    # Outcomes: a step failed permanently.
    "failed": "red",
    "compensated": "red",
}


@dataclass(frozen=True)
class Session:
    """One run of the command.

    Args:
        api: The orchestrator.
        console: Takes the results.
        as_json: Whether results are printed as JSON, for programs.
    """

    api: Api
    console: Terminal
    as_json: bool

    def show(self, data: Any) -> bool:
        """Print data as JSON where that is wanted; return whether it is."""
        if self.as_json:
            self.write_json(data, indent=2)
        return self.as_json

    def write_json(self, data: Any, indent: int | None = None) -> None:
        """Print data as JSON at once; without an indent in one line."""
        # Not by rich, which would break long lines. DEL is the control character that JSON keeps.
        text = json.dumps(data, indent=indent).replace("\x7f", "\\u007f")
        self.console.file.write(text + "\n")
        self.console.file.flush()

    def say(self, text: str) -> None:
        """Print a line for people; `text` is markup, and `plain` makes it of data."""
        if not self.as_json:
            self.console.print(text, highlight=False)

    def incomplete(self, *, complete: bool) -> None:
        """Warn people where a list is incomplete."""
        if not complete:
            self.say(f"[yellow]{INCOMPLETE}[/]")

    def table(self, columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> None:
        """Print a table for people; each row is one line of data."""
        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in columns:
            # The first is an id, to be copied into the next command: it is never broken.
            table.add_column(column, overflow="fold", no_wrap=not table.columns)
        for row in rows:
            table.add_row(*(_cell(value) for value in row))
        self.console.print(table)

    def fields(self, values: Mapping[str, Any]) -> None:
        """Print names and values for people; empty values are left out."""
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in values.items():
            if value not in (None, "", [], {}):
                text = value if isinstance(value, str) else json.dumps(value)
                table.add_row(name, Text(printable(text)))
        self.console.print(table)


def _cell(value: Cell) -> Text:
    return Text(printable(value, keep="\t")) if isinstance(value, str) else value


def session(context: typer.Context) -> Session:
    """Return the session of a command."""
    found: Session = context.find_root().obj
    return found


def status(name: str) -> str:
    """Return a status or an outcome in its colour, as markup."""
    return f"[{COLOURS.get(name, 'white')}]{plain(name)}[/]"


def status_cell(name: str) -> Text:
    """Return a status or an outcome in its colour, for a table."""
    return Text.from_markup(status(name), emoji=False)


def age(time: str | None) -> str:
    """Return how long ago a timestamp was, or how long until then, in the greatest unit."""
    if time is None:
        return ""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds()
    return f"in {duration(-seconds)}" if seconds < 0 else duration(seconds)


def until(time: str) -> str:
    """Return how long until a timestamp, or by how much what was due then is late."""
    seconds = (datetime.fromisoformat(time) - datetime.now(UTC)).total_seconds()
    return f"in {duration(seconds)}" if seconds >= 0 else f"late by {duration(-seconds)}"


def duration(seconds: float) -> str:
    """Return a duration in the greatest unit of which it has two, to the nearest whole."""
    for unit, size, finer in (("d", 86_400, 3_600), ("h", 3_600, 60), ("min", 60, 1)):
        if round(seconds / finer) * finer >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if round(seconds, 1) >= 10 else f"{seconds:.1f} s"
