"""Runs are due when the expression says, in UTC, and never more often than is allowed."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_support.schedules import DAILY, OFTEN, START, TASK

from contracts.problems import ProblemType
from orchestrator.scheduling.recurrence import check_interval, next_run
from orchestrator.schemas.schedules import ScheduleRequest
from servicekit.problems import ProblemError

SECOND = timedelta(seconds=1)
INVALID = [
    *("", "every day", "* * * *", "* * * * * *", "0 0 9 * * *", "@daily", "@every 1s", "TZ=UTC"),
    *("CRON_TZ=Europe/Rome 0 9 * * *", "60 * * * *", "* 24 * * *", "0 0 0 * *", "0 0 * 13 *"),
    *("0 0 * * 8", "*/0 * * * *", "5-1 * * * *", "\u0660 0 * * *", "0 9 * * \u017fUN"),
    *("0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 9 * * MON\u2003", "0 9 * * MON\n"),
]
VALID = {
    "0 9 * JAN MON": (2026, 1, 5, 9, 0),
    "0 0 29 2 *": (2028, 2, 29, 0, 0),
    " */15  0-6 1,15 * * ": (2026, 1, 15, 0, 0),
    "0 0 * * 7": (2026, 1, 4, 0, 0),
    "0 0 l * *": (2026, 1, 31, 0, 0),
    "0 0 LW * *": (2026, 1, 30, 0, 0),
    "0 0 * * 5L": (2026, 1, 30, 0, 0),
    "0 0 * * mon#2": (2026, 1, 12, 0, 0),
}


def cron(expression: str) -> ScheduleRequest:
    return ScheduleRequest(workflow="task", request=TASK, cron=expression)


@pytest.mark.parametrize("expression", INVALID)
def test_an_expression_that_is_not_valid_is_refused(expression: str) -> None:
    with pytest.raises(ProblemError, match=r"body\.cron") as refused:
        next_run(cron(expression), START)
    assert refused.value.type is ProblemType.VALIDATION


@pytest.mark.parametrize(("expression", "expected"), VALID.items())
def test_an_expression_says_when_the_next_run_is_due(
    expression: str, expected: tuple[int, ...]
) -> None:
    assert next_run(cron(expression), START).timetuple()[:5] == expected


FIELD = st.text("0123456789*,/-#LWJANMO", min_size=1, max_size=6)


@given(st.one_of(st.lists(FIELD, min_size=4, max_size=6).map(" ".join), st.text(max_size=20)))
def test_any_expression_is_refused_or_runs_later(expression: str) -> None:
    try:
        found = next_run(cron(expression), START)
    except ProblemError:
        return
    assert (found > START, found.second, found.tzinfo) == (True, 0, UTC)


def test_the_next_run_is_later() -> None:
    for schedule in (DAILY, OFTEN):
        assert next_run(schedule, START) > START


@pytest.mark.parametrize(
    ("expression", "shortest"),
    [
        ("* * * * *", 60),
        ("*/7 * * * *", 4 * 60),
        ("0,1 9 * * *", 60),
        ("59 23 * * *", 24 * 3600),
        ("0 0,23 * * *", 3600),
        ("0 9 * * *", 24 * 3600),
    ],
)
def test_the_shortest_interval_holds_for_cron(expression: str, shortest: int) -> None:
    check_interval(cron(expression), shortest * SECOND, START)
    if shortest > 60:
        with pytest.raises(ProblemError, match="apart"):
            check_interval(cron(expression), (shortest + 1) * SECOND, START)


def test_a_run_that_never_comes_again_is_not_too_close() -> None:
    check_interval(cron("0 0 29 2 *"), timedelta(days=365), START)


def test_the_shortest_interval_holds_for_an_interval() -> None:
    check_interval(OFTEN, 60 * SECOND, START)
    with pytest.raises(ProblemError, match=r"body\.every_seconds"):
        check_interval(OFTEN, 61 * SECOND, START)


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process has a time zone whose clock goes forward on 8 March and back on 1 November."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("new_york")
@pytest.mark.parametrize(("month", "day"), [(3, 6), (10, 30)])
def test_the_time_zone_of_the_process_has_no_effect(month: int, day: int) -> None:
    assert os.environ["TZ"] == "America/New_York"
    at = datetime(2026, month, day, tzinfo=UTC)
    runs = []
    for _ in range(5):
        runs.append(at := next_run(cron("30 2 * * *"), at))
    assert runs == [
        datetime(2026, month, day, 2, 30, tzinfo=UTC) + timedelta(days=n) for n in range(5)
    ]
