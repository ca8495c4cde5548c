"""When the next run of a schedule is due, and what a run starts. No I/O."""

from datetime import datetime, timedelta

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, ValidationError

from contracts.problems import ProblemType
from orchestrator.schemas.schedules import ScheduleRequest
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition
from servicekit.problems import ProblemError, invalid


def next_run(schedule: ScheduleRequest, after: datetime) -> datetime:
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
        return next(CronSim(schedule.cron or "", after))
    except (CronSimError, StopIteration) as error:
        raise ProblemError(
            ProblemType.VALIDATION, f"body.cron: {schedule.cron!r} is not a valid cron expression"
        ) from error


def run_of(
    catalogue: Catalogue, schedule: ScheduleRequest, schedule_id: str, due: datetime
) -> tuple[Definition, BaseModel]:
    """Return the workflow that a schedule starts, and the request of one run.

    Args:
        catalogue: The hosted workflows.
        schedule: The schedule.
        schedule_id: Its id; with `due` it makes the id of the instance.
        due: When the run is due, in UTC.

    Raises:
        ProblemError: There is no such workflow, or the request is not valid (422).
    """
    definition = catalogue.named(schedule.workflow)
    if definition is None:
        known = ", ".join(d.name for d in catalogue.definitions)
        raise ProblemError(
            ProblemType.VALIDATION,
            f"body.workflow: there is no {schedule.workflow!r}; there are: {known}",
        )
    name = f"{schedule_id}.{due:%Y%m%dT%H%M%SZ}"
    try:
        request = definition.input.model_validate({**schedule.request, definition.id_field: name})
    except ValidationError as error:
        raise invalid(error, "body", "request") from error
    return definition, request
