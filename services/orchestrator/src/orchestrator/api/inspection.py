"""One instance: what it did, what it waits for, and how it goes on."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from contracts.detail import InstanceDetail, InstanceHistory
from contracts.problems import ProblemType
from orchestrator.api.deps import InspectorDep, LiveViewDep
from orchestrator.api.params import InstanceId
from servicekit.problems import problem_responses

UNKNOWN = problem_responses(ProblemType.NOT_FOUND)

router = APIRouter(prefix="/instances/{instance_id}", tags=["instances"])


@router.get(
    "",
    summary="Describe an instance",
    description="`why` says what it waits for: an attempt, the next try, an event, a timer, a "
    "child, or what blocks it.",
    responses=UNKNOWN,
)
async def instance_detail(instance_id: InstanceId, inspector: InspectorDep) -> InstanceDetail:
    """Return all that is known of an instance."""
    return await inspector.detail(instance_id)


@router.get(
    "/history",
    summary="Show the history",
    description="In steps, each with its attempts. What is longer than 10,000 characters is "
    "cut; the raw history has all of it. Of an eternal workflow, its current generation.",
    responses=UNKNOWN,
)
async def instance_history(instance_id: InstanceId, inspector: InspectorDep) -> InstanceHistory:
    """Return the steps of an instance."""
    return await inspector.history(instance_id)


@router.get(
    "/history/raw",
    summary="Download the history",
    description="The events as Dapr keeps them.",
    responses=UNKNOWN,
    response_model=list[dict[str, Any]],
)
async def raw_history(instance_id: InstanceId, inspector: InspectorDep) -> JSONResponse:
    """Return the events of an instance as a file."""
    events = await inspector.raw(instance_id)
    return JSONResponse(
        events, headers={"Content-Disposition": 'attachment; filename="history.json"'}
    )


async def known(instance_id: InstanceId, inspector: InspectorDep) -> str:
    """Return the id; 404 where there is no such instance.

    Once the stream has begun it is too late to say so.
    """
    await inspector.revision(instance_id)
    return instance_id


@router.get(
    "/stream",
    summary="Watch an instance",
    description="Server-sent events: `instance` has the detail, now and each time the "
    "instance has moved, at most once a second. The stream ends when the instance has.",
    response_class=EventSourceResponse,
    responses=UNKNOWN,
)
async def instance_stream(
    instance_id: Annotated[str, Depends(known)], live_view: LiveViewDep
) -> AsyncIterator[ServerSentEvent]:
    """Stream the detail of an instance."""
    async for detail in live_view.subscribe(instance_id):
        yield ServerSentEvent(event="instance", data=detail)
