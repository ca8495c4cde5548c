"""The list of schedules: all pages, and when each runs next."""

import json
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fake_orchestrator import FakeOrchestrator
from typer.testing import Result

from taskway.session import duration, until

SCHEDULE = {
    "id": "plants",
    "workflow": "task",
    "cron": None,
    "every_seconds": 300,
    "paused": False,
    "next_at": None,
    "last_instance": None,
    "last_error": None,
}
SPARE = timedelta(milliseconds=300)


def after(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds) + SPARE).isoformat()


def row(orchestrator: FakeOrchestrator, run: Callable[..., Result], **schedule: Any) -> list[str]:
    page = {"items": [{**SCHEDULE, **schedule}], "next": None}
    orchestrator.answers["GET", "/schedules"] = page
    return run("schedule", "list").output.splitlines()[1].split()[2:]


def test_every_page_is_listed(orchestrator: FakeOrchestrator, run: Callable[..., Result]) -> None:
    other = {**SCHEDULE, "id": "roses"}
    orchestrator.answers["GET", "/schedules"] = deque(
        [{"items": [SCHEDULE], "next": "plants"}, {"items": [other], "next": None}]
    )
    assert json.loads(run("--json", "schedule", "list").output) == [SCHEDULE, other]
    assert [r.url.params.get("cursor") for r in orchestrator.requests] == [None, "plants"]


def test_a_run_that_is_late_says_so(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    every = ["every", "300", "s"]
    assert row(orchestrator, run, next_at=after(98)) == [*every, "in", "98", "s"]
    late = row(orchestrator, run, next_at=after(-98.5))
    assert late == [*every, "late", "by", "98", "s"]


def test_a_schedule_that_does_not_run_says_why(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    every = ["every", "300", "s"]
    assert row(orchestrator, run, paused=True) == [*every, "paused"]
    assert row(orchestrator, run, last_error="broken") == [*every, "never", "broken"]


def test_a_change_of_a_paused_schedule_says_that_it_is_paused(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers["PUT", "/schedules/plants"] = SCHEDULE
    output = run("schedule", "put", "plants", "task", "{}", "--every", "300").output
    assert output == "plants is paused\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (98, "98 s"),
        (119.4, "119 s"),
        (119.6, "2 min"),
        (7_169, "119 min"),
        (7_171, "2 h"),
        (47 * 3_600 + 1_799, "47 h"),
        (47 * 3_600 + 1_801, "2 d"),
        (86_400 * 365, "365 d"),
    ],
)
def test_a_duration_is_rounded_to_its_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_what_is_due_now_is_not_late() -> None:
    assert until(after(0)).startswith("in 0.")
