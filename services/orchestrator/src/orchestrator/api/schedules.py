"""Workflows that are started again and again."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from contracts.fields import Person
from contracts.problems import ProblemType
from contracts.schedules import Schedule, ScheduleId, ScheduleRequest, Schedules
from orchestrator.bootstrap import Orchestrator
from orchestrator.operations.audit import Action
from servicekit.problems import problem_responses
from servicekit.startup import Startup

TAGS = [{"name": "schedules", "description": "Workflows that are started again and again"}]

Id = Annotated[ScheduleId, Path(description="Your name for the schedule", examples=["plants"])]
By = Annotated[Person, Query(description="Who does it; kept in the audit trail")]
UNKNOWN = problem_responses(ProblemType.NOT_FOUND)


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the routes of schedules."""
    router = APIRouter(prefix="/schedules", tags=["schedules"])

    @router.get("", summary="Which schedules are there?")
    async def list_schedules() -> Schedules:
        return Schedules(items=await services.value().scheduler.all())

    @router.get("/{schedule_id}", summary="One schedule", responses=UNKNOWN)
    async def get_schedule(schedule_id: Id) -> Schedule:
        return await services.value().scheduler.get(schedule_id)

    @router.put(
        "/{schedule_id}",
        summary="Create or change a schedule",
        description="Each run's instance is named for the schedule and its time: nothing is "
        "started twice. Runs that were missed are caught up once.",
    )
    async def put_schedule(
        schedule_id: Id, request: ScheduleRequest, by: By = "operator"
    ) -> Schedule:
        orchestrator = services.value()
        async with orchestrator.audit.recording(Action(by, "schedule.put", schedule_id)):
            return await orchestrator.scheduler.put(schedule_id, request, by)

    @router.post("/{schedule_id}/pause", summary="Start nothing more", responses=UNKNOWN)
    async def pause_schedule(schedule_id: Id, by: By = "operator") -> Schedule:
        orchestrator = services.value()
        async with orchestrator.audit.recording(Action(by, "schedule.pause", schedule_id)):
            return await orchestrator.scheduler.pause(schedule_id)

    @router.post("/{schedule_id}/resume", summary="Go on from now", responses=UNKNOWN)
    async def resume_schedule(schedule_id: Id, by: By = "operator") -> Schedule:
        orchestrator = services.value()
        async with orchestrator.audit.recording(Action(by, "schedule.resume", schedule_id)):
            return await orchestrator.scheduler.resume(schedule_id)

    @router.delete(
        "/{schedule_id}",
        summary="Delete a schedule; what it started goes on",
        status_code=status.HTTP_204_NO_CONTENT,
        responses=UNKNOWN,
    )
    async def delete_schedule(schedule_id: Id, by: By = "operator") -> None:
        orchestrator = services.value()
        async with orchestrator.audit.recording(Action(by, "schedule.delete", schedule_id)):
            await orchestrator.scheduler.delete(schedule_id)

    return router
