"""Cron expressions are in UTC, whatever the time zone of the machine is."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.scheduling.recurrence import next_run
from orchestrator.schemas.schedules import ScheduleRequest


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in New York, where 02:30 is missing on one day and comes twice on another."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("new_york")
@pytest.mark.parametrize(
    "change", [datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)]
)
def test_a_day_on_which_the_clocks_change_has_one_run(change: datetime) -> None:
    schedule = ScheduleRequest(workflow="task", request={}, cron="30 2 * * *")
    at = change - timedelta(days=2)
    runs = [at := next_run(schedule, at) for _ in range(4)]
    first = change.replace(hour=2, minute=30) - timedelta(days=2)
    assert runs == [first + timedelta(days=day) for day in range(4)]
