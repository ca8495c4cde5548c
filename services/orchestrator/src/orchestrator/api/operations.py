"""Operators mend instances, and see who did what."""

from typing import Annotated

from fastapi import APIRouter, Query

from contracts.fields import Flag, Person
from contracts.operations import (
    AuditPage,
    BatchRequest,
    BatchResult,
    Operation,
    OperationRequest,
    OperationResult,
    Reason,
    RerunRequest,
)
from contracts.problems import ProblemType
from orchestrator.api.workflow import InstanceId
from orchestrator.bootstrap import Orchestrator
from servicekit.params import Before, Limit
from servicekit.problems import problem_responses
from servicekit.startup import Startup

TAGS = [{"name": "audit", "description": "Who did what, why, and what became of it"}]

PROBLEMS = problem_responses(
    ProblemType.NOT_FOUND, ProblemType.WRONG_STATE, ProblemType.INSTANCE_GONE
)
WORDS = {
    Operation.PAUSE: "Pause: what runs ends, and nothing more begins",
    Operation.RESUME: "Resume what was paused",
    Operation.TERMINATE: "Terminate: end at once, without compensation",
}


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the routes of operators."""
    router = APIRouter(tags=["instances"])
    for operation in WORDS:
        _add(router, services, operation)

    @router.post(
        "/instances/{instance_id}/rerun",
        summary="Run again, as a new instance",
        description="From its start, or from one of its steps (`event_id` in its history), with "
        "the same or another input. The same request again starts nothing.",
        responses=PROBLEMS | problem_responses(ProblemType.INSTANCE_EXISTS),
    )
    async def rerun(instance_id: InstanceId, request: RerunRequest) -> OperationResult:
        return await services.value().operations.rerun(instance_id, request)

    @router.delete(
        "/instances/{instance_id}",
        summary="Purge a finished instance: delete all that is kept of it",
        responses=PROBLEMS,
    )
    async def purge(
        instance_id: InstanceId,
        reason: Annotated[Reason, Query(description="Why; kept in the audit trail")],
        by: Annotated[Person, Query(description="Who does it")] = "operator",
        children: Annotated[Flag, Query(description="Its child workflows as well")] = False,
    ) -> OperationResult:
        request = OperationRequest(reason=reason, by=by, children=children)
        return await services.value().operations.perform(Operation.PURGE, instance_id, request)

    @router.post(
        "/instances:batch",
        summary="Do the same to many",
        description="Without `confirm`, it says how many instances of the filter are in a state "
        "for it, and which. With that count as `confirm`, it is done to each, unless they are no "
        "longer as many (409). At most 500 a call, the oldest first.",
        responses=problem_responses(ProblemType.WRONG_STATE),
    )
    async def batch(request: BatchRequest) -> BatchResult:
        return await services.value().batch.perform(request)

    @router.get("/audit", summary="Who did what?", tags=["audit"])
    async def audit(before: Before = None, limit: Limit = 50) -> AuditPage:
        return await services.value().audit.page(before, limit)

    return router


def _add(router: APIRouter, services: Startup[Orchestrator], operation: Operation) -> None:
    @router.post(
        f"/instances/{{instance_id}}/{operation}",
        summary=WORDS[operation],
        operation_id=f"{operation}_instance",
        responses=PROBLEMS,
    )
    async def perform(instance_id: InstanceId, request: OperationRequest) -> OperationResult:
        return await services.value().operations.perform(operation, instance_id, request)
