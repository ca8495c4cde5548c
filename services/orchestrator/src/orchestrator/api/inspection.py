"""One instance: what it did, what it waits for, and how it goes on."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from contracts.detail import InstanceDetail, InstanceHistory
from contracts.problems import ProblemType
from orchestrator.api.workflow import InstanceId
from orchestrator.bootstrap import Orchestrator
from servicekit.problems import problem_responses
from servicekit.startup import Startup

UNKNOWN = problem_responses(ProblemType.NOT_FOUND)


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the routes that show an instance of any workflow."""
    router = APIRouter(prefix="/instances/{instance_id}", tags=["instances"])

    @router.get(
        "",
        summary="How far is it, and why does it wait?",
        description="`why` says what it waits for: an attempt, the next try, an event, a timer, a "
        "child, or what holds it up.",
        responses=UNKNOWN,
    )
    async def instance_detail(instance_id: InstanceId) -> InstanceDetail:
        return await services.value().explainer.detail(instance_id)

    @router.get(
        "/history",
        summary="What did it do?",
        description="In steps, each with its attempts. What is longer than 10,000 characters is "
        "cut; the raw history has all of it. Of an instance that goes on for ever, its current "
        "generation.",
        responses=UNKNOWN,
    )
    async def instance_history(instance_id: InstanceId) -> InstanceHistory:
        return await services.value().explainer.history(instance_id)

    @router.get(
        "/history/raw",
        summary="Download the history",
        description="The events as Dapr keeps them.",
        responses=UNKNOWN,
        response_model=list[dict[str, Any]],
    )
    async def raw_history(instance_id: InstanceId) -> JSONResponse:
        events = await services.value().explainer.raw(instance_id)
        return JSONResponse(
            events, headers={"Content-Disposition": 'attachment; filename="history.json"'}
        )

    async def known(instance_id: InstanceId) -> str:
        # Once the stream has begun it is too late to say that there is nothing.
        await services.value().explainer.mark(instance_id)
        return instance_id

    @router.get(
        "/stream",
        summary="Look on",
        description="Server-sent events: `instance` has the detail, now and each time the "
        "instance has moved, at most once a second. The stream ends when the instance has.",
        response_class=EventSourceResponse,
        responses=UNKNOWN,
    )
    async def instance_stream(
        instance_id: Annotated[str, Depends(known)],
    ) -> AsyncIterator[ServerSentEvent]:
        async for detail in services.value().looking_on.follow(instance_id):
            yield ServerSentEvent(event="instance", data=detail)

    return router
