"""Routes of one instance: detail, history and live view."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from contracts.problems import ProblemType
from orchestrator.api.deps import InspectorDep, LiveViewDep, stream_slot
from orchestrator.api.params import InstanceId, KnownId
from orchestrator.schemas.detail import InstanceDetail, InstanceHistory
from servicekit.problems import problem_responses

UNKNOWN = problem_responses(ProblemType.NOT_FOUND)

router = APIRouter(prefix="/instances/{instance_id}", tags=["instances"])


@router.get(
    "",
    summary="Describe an instance",
    description="`why` lists what it waits for: a running attempt, the next retry, an event, a "
    "timer, a child workflow, or what blocks it.",
    responses=UNKNOWN,
)
async def instance_detail(instance_id: KnownId, inspector: InspectorDep) -> InstanceDetail:
    """Return an instance in detail."""
    return await inspector.detail(instance_id)


@router.get(
    "/history",
    summary="Show the history",
    description="In steps, each with its attempts. Payloads longer than 10,000 characters are "
    "truncated; the raw history has them in full. Of an eternal workflow, the current generation.",
    responses=UNKNOWN,
)
async def instance_history(instance_id: KnownId, inspector: InspectorDep) -> InstanceHistory:
    """Return the history of an instance, in steps."""
    return await inspector.history(instance_id)


@router.get(
    "/history/raw",
    summary="Download the history",
    description="The events as Dapr keeps them.",
    responses=UNKNOWN,
    response_model=list[dict[str, Any]],
)
async def raw_history(instance_id: KnownId, inspector: InspectorDep) -> JSONResponse:
    """Return the events of the history as a file."""
    events = await inspector.raw(instance_id)
    return JSONResponse(
        events, headers={"Content-Disposition": 'attachment; filename="history.json"'}
    )


async def existing_instance(instance_id: InstanceId, inspector: InspectorDep) -> str:
    """Return the id of an instance that exists.

    A dependency, because once a stream has begun its status cannot become 404.
    """
    await inspector.revision(instance_id)
    return instance_id


@router.get(
    "/stream",
    summary="Watch an instance",
    description="Server-sent events: `instance` has the detail, at once and after each change, "
    "at most once per second. The stream ends when the instance has ended.",
    response_class=EventSourceResponse,
    responses=UNKNOWN,
    dependencies=[Depends(stream_slot)],
)
async def instance_stream(
    instance_id: Annotated[str, Depends(existing_instance)], live_view: LiveViewDep
) -> AsyncIterator[ServerSentEvent]:
    """Stream the changes of an instance."""
    async for detail in live_view.subscribe(instance_id):
        yield ServerSentEvent(event="instance", data=detail)
