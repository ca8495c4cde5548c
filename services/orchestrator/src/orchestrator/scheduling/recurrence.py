"""When the next run of a schedule is due. No I/O."""

import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from cronsim import CronSim, CronSimError

from contracts.problems import ProblemType
from servicekit.problems import ProblemError

# CronSim takes a sixth field for seconds, and letters beyond ASCII for those they resemble.
FIVE_FIELDS = re.compile(r"[ \t]*[0-9A-Za-z*,/#-]+([ \t]+[0-9A-Za-z*,/#-]+){4}[ \t]*")
# The hours and minutes are the same on each day that matches, so that the shortest gap is found
# within two such days.
RUNS_TO_COMPARE = 24 * 60 + 1
MINUTE = timedelta(minutes=1)


class Recurrence(Protocol):
    """What says when a schedule is due: one of the two."""

    @property
    def cron(self) -> str | None:
        """A cron expression."""

    @property
    def every_seconds(self) -> int | None:
        """An interval."""


def next_run(schedule: Recurrence, after: datetime) -> datetime:
    """Return when the next run of a schedule is due.

    An interval is counted from `after`, so that any number of missed runs is caught up by one.

    Args:
        schedule: The schedule.
        after: A time in UTC; the result is later.

    Raises:
        ProblemError: The cron expression is not valid, or matches no time (422).
    """
    if schedule.every_seconds is not None:
        return after.replace(microsecond=0) + timedelta(seconds=schedule.every_seconds)
    try:
        return next(_runs(schedule.cron or "", after))
    except (CronSimError, StopIteration) as error:
        raise _invalid(f"{schedule.cron!r} is not a valid cron expression") from error


def check_interval(schedule: Recurrence, shortest: timedelta, now: datetime) -> None:
    """Check that no two runs of a schedule follow each other more closely than is allowed.

    Args:
        schedule: The schedule, whose cron expression is valid.
        shortest: The shortest interval.
        now: A time in UTC, from which runs are counted.

    Raises:
        ProblemError: They do (422).
    """
    seconds = shortest.total_seconds()
    if schedule.every_seconds is not None:
        if schedule.every_seconds < seconds:
            raise ProblemError(
                ProblemType.VALIDATION, f"body.every_seconds: at least {seconds:g} s"
            )
    elif shortest > MINUTE and _shortest_gap(schedule.cron or "", now) < shortest:
        raise _invalid(f"{schedule.cron!r} has runs less than {seconds:g} s apart")


def _shortest_gap(cron: str, now: datetime) -> timedelta:
    runs = (run for run, _ in zip(_runs(cron, now), range(RUNS_TO_COMPARE), strict=False))
    return min((later - earlier for earlier, later in pairwise(runs)), default=timedelta.max)


def _runs(cron: str, after: datetime) -> CronSim:
    if FIVE_FIELDS.fullmatch(cron) is None:
        raise _invalid("give five fields: minute, hour, day of the month, month, day of the week")
    return CronSim(cron, after)


def _invalid(detail: str) -> ProblemError:
    return ProblemError(ProblemType.VALIDATION, f"body.cron: {detail}")
