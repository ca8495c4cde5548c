"""What every command uses: the API, and output for people or for programs."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from taskway.api import Api

INCOMPLETE = "The list is being rebuilt after a restart: there may be more."
COLOURS = {
    "RUNNING": "cyan",
    "PENDING": "cyan",
    "COMPLETED": "green",
    "FAILED": "red",
    "TERMINATED": "red",
    "SUSPENDED": "yellow",
    "STALLED": "red",
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
    console: Console
    as_json: bool

    def show(self, data: Any) -> bool:
        """Print data as JSON where that is wanted; return whether it is."""
        if self.as_json:
            # Not by rich, which would break long lines.
            self.console.file.write(json.dumps(data, indent=2) + "\n")
        return self.as_json

    def say(self, text: str) -> None:
        """Print a line for people."""
        if not self.as_json:
            self.console.print(text, highlight=False)

    def incomplete(self, *, complete: bool) -> None:
        """Warn people where a list is incomplete."""
        if not complete:
            self.say(f"[yellow]{INCOMPLETE}[/]")

    def table(self, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        """Print a table for people."""
        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in columns:
            # The first is an id, to be copied into the next command: it is never broken.
            table.add_column(column, overflow="fold", no_wrap=not table.columns)
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    def fields(self, values: Mapping[str, Any]) -> None:
        """Print names and values for people; empty values are left out."""
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in values.items():
            if value not in (None, "", [], {}):
                text = value if isinstance(value, str) else json.dumps(value)
                table.add_row(name, escape(text))
        self.console.print(table)


def session(context: typer.Context) -> Session:
    """Return the session of a command."""
    found: Session = context.find_root().obj
    return found


def status(name: str) -> str:
    """Return a status in its colour."""
    return f"[{COLOURS.get(name, 'white')}]{name}[/]"


def age(time: str | None) -> str:
    """Return how long ago a timestamp was, or how long until then, in the greatest unit."""
    if time is None:
        return ""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(time)).total_seconds()
    return f"in {duration(-seconds)}" if seconds < 0 else duration(seconds)


def duration(seconds: float) -> str:
    """Return a duration in its greatest unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
