"""Schedules: workflows that are started at an interval or by a cron expression."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from contracts.fields import Person
from contracts.problems import ProblemType
from orchestrator.api.deps import AuditDep, SchedulerDep
from orchestrator.operations.audit import Action
from orchestrator.schemas.schedules import (
    Schedule,
    ScheduleId,
    ScheduleQuery,
    ScheduleRequest,
    Schedules,
)
from servicekit.problems import problem_responses

TAGS = [
    {
        "name": "schedules",
        "description": "Starts at an interval or by a cron expression",
    }
]

Id = Annotated[ScheduleId, Path(description="Your name for the schedule", examples=["plants"])]
By = Annotated[Person, Query(description="Who does it; recorded in the audit trail")]
UNKNOWN = problem_responses(ProblemType.NOT_FOUND)

PUT = """A run's instance id is made of the schedule's id and the time of the run, so that nothing
is started twice. A run starts whether or not the one before has ended. Missed runs are caught up by
one run. A run that cannot be started is retried, and `last_error` says why; it is given up once the
next run is due, a minute later at the earliest. A change of the times moves the next run; one of
the request does not.

A cron expression has five fields, each `*`, a number, a range `a-b`, a step `*/n` or a list; months
and days of the week also by name (`JAN`, `MON`). `L` is the last day of the month, `LW` its last
weekday, `5L` its last Friday, `1#2` its second Monday. Where both days are restricted, either
matches."""

router = APIRouter(prefix="/schedules", tags=["schedules"])


@router.get("", summary="List schedules")
async def list_schedules(
    query: Annotated[ScheduleQuery, Query()], scheduler: SchedulerDep
) -> Schedules:
    """Return a page of schedules, ordered by id."""
    return await scheduler.page(query.cursor, query.limit)


@router.get("/{schedule_id}", summary="Describe a schedule", responses=UNKNOWN)
async def get_schedule(schedule_id: Id, scheduler: SchedulerDep) -> Schedule:
    """Return a schedule, with its last and its next run."""
    return await scheduler.get(schedule_id)


@router.put(
    "/{schedule_id}",
    summary="Create or change a schedule",
    description=PUT,
    responses=problem_responses(ProblemType.TOO_MANY_REQUESTS),
)
async def put_schedule(
    schedule_id: Id,
    request: ScheduleRequest,
    scheduler: SchedulerDep,
    audit: AuditDep,
    by: By = "operator",
) -> Schedule:
    """Create a schedule, or change it."""
    async with audit.recording(Action(by, "schedule.put", schedule_id)):
        return await scheduler.put(schedule_id, request, by)


@router.post("/{schedule_id}/pause", summary="Pause a schedule", responses=UNKNOWN)
async def pause_schedule(
    schedule_id: Id, scheduler: SchedulerDep, audit: AuditDep, by: By = "operator"
) -> Schedule:
    """Pause a schedule until it is resumed."""
    # First, for the audit trail has no entry of what was never there.
    await scheduler.get(schedule_id)
    async with audit.recording(Action(by, "schedule.pause", schedule_id)):
        return await scheduler.pause(schedule_id)


@router.post("/{schedule_id}/resume", summary="Resume a schedule", responses=UNKNOWN)
async def resume_schedule(
    schedule_id: Id, scheduler: SchedulerDep, audit: AuditDep, by: By = "operator"
) -> Schedule:
    """Resume a schedule; runs that were missed while it was paused are not caught up."""
    await scheduler.get(schedule_id)
    async with audit.recording(Action(by, "schedule.resume", schedule_id)):
        return await scheduler.resume(schedule_id)


@router.delete(
    "/{schedule_id}",
    summary="Delete a schedule",
    description="The instances that it started are not affected. Repeating the request, or "
    "deleting what was never there, changes nothing.",
    status_code=status.HTTP_204_NO_CONTENT,
)
async def delete_schedule(
    schedule_id: Id, scheduler: SchedulerDep, audit: AuditDep, by: By = "operator"
) -> None:
    """Delete a schedule."""
    if not await scheduler.exists(schedule_id):
        await scheduler.delete(schedule_id)
        return
    async with audit.recording(Action(by, "schedule.delete", schedule_id)):
        await scheduler.delete(schedule_id)
