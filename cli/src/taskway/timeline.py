"""Draws the steps of an instance as bars over time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from taskway.session import duration
from taskway.terminal import plain

COLOURS = {"completed": "green", "failed": "red", "timed_out": "yellow", "running": "cyan"}
SIGNS = {"activity": "▸", "timer": "◷", "event": "✉", "child": "⤷", "pause": "‖", "stall": "!"}


def timeline(steps: list[dict[str, Any]], now: datetime, width: int) -> Iterator[str]:
    """Yield a line per step: its event_id, from which a rerun can begin, and a bar over its time.

    Args:
        steps: The steps of a history, as the API returns them.
        now: The end of the bars of unfinished steps.
        width: Characters of the longest bar.
    """
    if not steps:
        return
    spans = [(_time(step["started_at"]) or now, _time(step["ended_at"]) or now) for step in steps]
    begin, end = min(start for start, _ in spans), max(until for _, until in spans)
    whole = max((end - begin).total_seconds(), 1e-3)
    longest = max(len(step["name"]) for step in steps)
    for step, (start, until) in zip(steps, spans, strict=True):
        left = round((start - begin).total_seconds() / whole * (width - 1))
        length = max(1, round((until - start).total_seconds() / whole * width))
        bar = f"{' ' * left}{'━' * min(length, width - left)}".ljust(width)
        colour = COLOURS.get(step["status"], "white")
        tries = len(step["attempts"])
        more = f", {tries} attempts" if tries > 1 else ""
        took = duration((until - start).total_seconds())
        number = step["event_id"] if step["event_id"] >= 0 else ""
        yield (
            f"{number:>3} {SIGNS.get(step['kind'], '·')} {plain(step['name'].ljust(longest))} "
            f"[{colour}]{bar}[/] {took}{more}"
        )
        if step["error"]:
            yield f"      [red]{plain(step['error'])}[/]"


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
