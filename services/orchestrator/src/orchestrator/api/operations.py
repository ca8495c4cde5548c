"""Operations on instances, one or many, and the audit trail."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from contracts.fields import Flag, Person
from contracts.problems import ProblemType
from orchestrator.api.deps import AuditDep, BulkDep, OperationsDep, TornDep
from orchestrator.api.params import InstanceId
from orchestrator.schemas.operations import (
    AuditPage,
    BulkRequest,
    BulkResult,
    Operation,
    OperationRequest,
    OperationResult,
    Reason,
    RerunRequest,
    TornRemoval,
)
from servicekit.params import Before, Limit
from servicekit.problems import problem_responses

TAGS = [{"name": "audit", "description": "Who did what, why, and with which result"}]

PROBLEMS = problem_responses(
    ProblemType.NOT_FOUND, ProblemType.WRONG_STATE, ProblemType.INSTANCE_GONE
)

router = APIRouter(tags=["instances"])


@router.post(
    "/instances/{instance_id}/pause",
    summary="Pause an instance",
    description="Running activities finish, and nothing more is scheduled until it is resumed. "
    "Pausing what is paused changes nothing.",
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
    """Resume a paused instance."""
    return await operations.perform(Operation.RESUME, instance_id, request)


@router.post(
    "/instances/{instance_id}/terminate",
    summary="Terminate an instance",
    description="It ends at once, without compensation; activities that run are not stopped.",
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
    "the same or another input. Repeating the request starts nothing more.",
    responses=PROBLEMS | problem_responses(ProblemType.INSTANCE_EXISTS),
)
async def rerun(
    instance_id: InstanceId, request: RerunRequest, operations: OperationsDep
) -> OperationResult:
    """Rerun an instance under a new id."""
    return await operations.rerun(instance_id, request)


@router.delete(
    "/instances/{instance_id}",
    summary="Purge a finished instance",
    description="Deletes its state and history; with `children` also those of its child workflows, "
    "which must have ended in any case. Repeating the request changes nothing.",
    responses=PROBLEMS,
)
async def purge(
    instance_id: InstanceId,
    reason: Annotated[Reason, Query(description="Why; recorded in the audit trail")],
    operations: OperationsDep,
    by: Annotated[Person, Query(description="Who does it")] = "operator",
    children: Annotated[Flag, Query(description="Whether to include its child workflows")] = False,
) -> OperationResult:
    """Purge a finished instance."""
    request = OperationRequest(reason=reason, by=by, children=children)
    return await operations.perform(Operation.PURGE, instance_id, request)


@router.post(
    "/instances/{instance_id}/remove-torn",
    summary="Remove an incomplete instance",
    description="For an instance whose stored state is incomplete (`torn` in the list, "
    "`instance-torn` when it is read): it never continues, and nothing else ends it. Its "
    "assignments are released and its other effects compensated; then it is deleted, as by a "
    "purge. Repeating the request continues where the first one failed. Needs REDIS_HOST.",
    operation_id="remove_torn_instance",
    responses=PROBLEMS,
)
async def remove_torn(
    instance_id: InstanceId, request: OperationRequest, torn: TornDep
) -> TornRemoval:
    """Remove an instance whose state is incomplete."""
    return await torn.remove(instance_id, request)


@router.post(
    "/instances:batch",
    summary="Operate on many instances",
    description="A bulk operation. Without `confirm` it is a dry run, which returns the matching "
    "instances of the filter whose status allows the operation, and their count. With that count "
    "as `confirm` it operates on each, unless the count has changed (409). At most 500 a call, the "
    "oldest first.",
    operation_id="bulk_operation",
    responses=problem_responses(ProblemType.WRONG_STATE),
)
async def bulk_operation(request: BulkRequest, bulk: BulkDep) -> BulkResult:
    """Operate on every instance of a filter."""
    return await bulk.perform(request)


@router.get("/audit", summary="Read the audit trail", tags=["audit"])
async def audit(audit: AuditDep, before: Before = None, limit: Limit = 50) -> AuditPage:
    """Return a page of the audit trail, the newest first."""
    return await audit.page(before, limit)


@router.get(
    "/audit/export",
    summary="Download the audit trail",
    description="Every entry that is kept, the newest first, as a line of JSON each.",
    tags=["audit"],
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}}},
)
async def export_audit(audit: AuditDep) -> StreamingResponse:
    """Return the whole audit trail, which is read as it is sent."""
    entries = audit.entries()
    # Before the answer begins, when its status can still become 503.
    first = await anext(entries, None)

    async def lines() -> AsyncIterator[str]:
        if first is not None:
            yield f"{first.model_dump_json()}\n"
        async for entry in entries:
            yield f"{entry.model_dump_json()}\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")
