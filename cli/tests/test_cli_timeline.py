"""Bars of the steps over time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from taskway.timeline import timeline

START = datetime(2026, 1, 1, tzinfo=UTC)


def step(begin: float, end: float | None, **fields: Any) -> dict[str, Any]:
    made = {
        "kind": "activity",
        "event_id": 7,
        "name": "assign_task",
        "status": "completed" if end is not None else "running",
        "started_at": (START + timedelta(seconds=begin)).isoformat(),
        "ended_at": end if end is None else (START + timedelta(seconds=end)).isoformat(),
        "attempts": [],
        "error": None,
    }
    return made | fields


def drawn(*steps: dict[str, Any], width: int = 10) -> list[str]:
    now = START + timedelta(seconds=100)
    return [Text.from_markup(line).plain for line in timeline(list(steps), now, width)]


def test_steps_follow_each_other() -> None:
    first, second = drawn(step(0, 50), step(50, 100))
    assert first == "  7 ▸ assign_task ━━━━━      50 s"
    assert second.index("━") > first.index("━")


def test_an_unfinished_step_lasts_until_now() -> None:
    _, waiting = drawn(step(0, 1), step(1, None, name="approval", kind="event", event_id=-1))
    assert waiting.startswith("    ✉ approval")
    assert waiting.endswith("99 s")


def test_attempts_and_errors_are_shown() -> None:
    tries = [{"number": n} for n in (1, 2, 3)]
    line, error = drawn(step(0, 3, attempts=tries, status="failed", error="no [such] box"))
    assert line.endswith("3.0 s, 3 attempts")
    assert error.strip() == "no [such] box"


def test_without_steps_nothing_is_drawn() -> None:
    assert drawn() == []


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=20))
def test_every_bar_is_within_its_width(times: list[tuple[float, float]]) -> None:
    steps = [step(min(pair), max(pair)) for pair in times]
    for line in timeline(steps, START + timedelta(seconds=2e6), 30):
        bar = line[line.index("]") + 1 : line.index("[/]")]
        assert len(bar) == 30
        assert "━" in bar
