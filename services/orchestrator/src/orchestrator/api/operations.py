"""Operators repair instances, and see who did what."""

from typing import Annotated

from fastapi import APIRouter, Query

from contracts.fields import Flag, Person
from contracts.operations import (
    AuditPage,
    BulkRequest,
    BulkResult,
    Operation,
    OperationRequest,
    OperationResult,
    Reason,
    RerunRequest,
)
from contracts.problems import ProblemType
from orchestrator.api.deps import AuditDep, BulkDep, OperationsDep
from orchestrator.api.params import InstanceId
from servicekit.params import Before, Limit
from servicekit.problems import problem_responses

TAGS = [{"name": "audit", "description": "Who did what, why, and what became of it"}]

PROBLEMS = problem_responses(
    ProblemType.NOT_FOUND, ProblemType.WRONG_STATE, ProblemType.INSTANCE_GONE
)

router = APIRouter(tags=["instances"])


@router.post(
    "/instances/{instance_id}/pause",
    summary="Pause an instance",
    description="Activities that run end, and nothing more is scheduled.",
    operation_id="pause_instance",
    responses=PROBLEMS,
)
async def pause(
    instance_id: InstanceId, request: OperationRequest, operations: OperationsDep
) -> OperationResult:
    """Pause an instance."""
    return await operations.perform(Operation.PAUSE, instance_id, request)


@router.post(
    "/instances/{instance_id}/resume",
    summary="Resume a paused instance",
    operation_id="resume_instance",
    responses=PROBLEMS,
)
async def resume(
    instance_id: InstanceId, request: OperationRequest, operations: OperationsDep
) -> OperationResult:
    """Resume an instance that was paused."""
    return await operations.perform(Operation.RESUME, instance_id, request)


@router.post(
    "/instances/{instance_id}/terminate",
    summary="Terminate an instance",
    description="It ends at once, without compensation.",
    operation_id="terminate_instance",
    responses=PROBLEMS,
)
async def terminate(
    instance_id: InstanceId, request: OperationRequest, operations: OperationsDep
) -> OperationResult:
    """Terminate an instance."""
    return await operations.perform(Operation.TERMINATE, instance_id, request)


@router.post(
    "/instances/{instance_id}/rerun",
    summary="Rerun as a new instance",
    description="From its start, or from one of its steps (`event_id` in its history), with "
    "the same or another input. The same request again starts nothing.",
    responses=PROBLEMS | problem_responses(ProblemType.INSTANCE_EXISTS),
)
async def rerun(
    instance_id: InstanceId, request: RerunRequest, operations: OperationsDep
) -> OperationResult:
    """Run an instance again, under a new id."""
    return await operations.rerun(instance_id, request)


@router.delete(
    "/instances/{instance_id}",
    summary="Purge a finished instance",
    description="Deletes all that is kept of it.",
    responses=PROBLEMS,
)
async def purge(
    instance_id: InstanceId,
    reason: Annotated[Reason, Query(description="Why; kept in the audit trail")],
    operations: OperationsDep,
    by: Annotated[Person, Query(description="Who does it")] = "operator",
    children: Annotated[Flag, Query(description="Its child workflows as well")] = False,
) -> OperationResult:
    """Purge an instance that has ended."""
    request = OperationRequest(reason=reason, by=by, children=children)
    return await operations.perform(Operation.PURGE, instance_id, request)


@router.post(
    "/instances:batch",
    summary="Bulk operation",
    description="Without `confirm`, it says how many instances of the filter are in a state "
    "for it, and which. With that count as `confirm`, it is done to each, unless the count has "
    "changed (409). At most 500 a call, the oldest first.",
    responses=problem_responses(ProblemType.WRONG_STATE),
)
async def bulk_operation(request: BulkRequest, bulk: BulkDep) -> BulkResult:
    """Do one operation on every instance of a filter."""
    return await bulk.perform(request)


@router.get("/audit", summary="Read the audit trail", tags=["audit"])
async def audit(audit: AuditDep, before: Before = None, limit: Limit = 50) -> AuditPage:
    """Return who did what, the newest first."""
    return await audit.page(before, limit)
