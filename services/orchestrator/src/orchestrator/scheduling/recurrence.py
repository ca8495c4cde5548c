"""When a schedule is due, and what it then starts."""

from datetime import datetime, timedelta

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, ValidationError

from contracts.problems import ProblemType
from contracts.schedules import ScheduleRequest
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition
from servicekit.problems import ProblemError


def next_run(schedule: ScheduleRequest, after: datetime) -> datetime:
    """Return the first time later than `after` that a schedule is due; both in UTC.

    An interval is counted from `after`: so a run that was missed for long is caught up once.

    Raises:
        ProblemError: The cron expression is none, or never comes true (422).
    """
    if schedule.every_seconds is not None:
        return after.replace(microsecond=0) + timedelta(seconds=schedule.every_seconds)
    try:
        return next(CronSim(schedule.cron or "", after))
    except (CronSimError, StopIteration) as error:
        raise ProblemError(
            ProblemType.VALIDATION, f"body.cron: {schedule.cron!r} is no cron expression"
        ) from error


def run_of(
    catalogue: Catalogue, schedule: ScheduleRequest, schedule_id: str, due: datetime
) -> tuple[Definition, BaseModel]:
    """Return the workflow that a schedule starts, and the request of the run at that time.

    Raises:
        ProblemError: There is no such workflow, or it does not take that request (422).
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
        detail = "; ".join(
            f"body.request.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()
        )
        raise ProblemError(ProblemType.VALIDATION, detail) from error
    return definition, request
