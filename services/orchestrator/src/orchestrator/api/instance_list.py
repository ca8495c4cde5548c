"""The list of instances: pages, counts, and a stream of what changes."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from contracts.instances import (
    InstanceCounts,
    InstanceEvent,
    InstanceFilter,
    InstancePage,
    InstanceQuery,
)
from orchestrator.bootstrap import Orchestrator
from orchestrator.visibility.sse import watch
from servicekit.startup import Startup

STREAM = f"""Server-sent events, without end. `{InstanceEvent.SUMMARY}` comes first, and again when
the counts have changed; `{InstanceEvent.INSTANCE}` carries an instance, as in the list, that
appeared or changed; `{InstanceEvent.GONE}` the id of one that was purged. `{InstanceEvent.RELOAD}`
says that more changed than is kept for you (you were slow, or away for long, or the service
started again): read the list again. Each event has an id; who comes back with `Last-Event-ID`, as
browsers do, is told what it missed."""


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the routes that show more than one instance."""
    router = APIRouter(prefix="/instances", tags=["instances"])

    @router.get(
        "",
        summary="Which instances are there?",
        description="Newest first, unless asked otherwise. What is listed is kept in memory: "
        "`index` says how much of what there is it knows, which is not all for a while after a "
        "start. What is on the page and has not ended was read within the last half second.",
    )
    async def list_instances(query: Annotated[InstanceQuery, Query()]) -> InstancePage:
        orchestrator = services.value()
        page = orchestrator.index.page(query)
        await orchestrator.refresher.freshen([item.instance_id for item in page.items])
        return orchestrator.index.page(query)

    @router.get(
        "/summary",
        summary="How many instances are there?",
        description="Counts all of them, or those that are asked for.",
    )
    async def count_instances(wanted: Annotated[InstanceFilter, Query()]) -> InstanceCounts:
        return services.value().index.counts(wanted)

    def opened() -> Orchestrator:
        # Once a stream has begun, its status cannot be changed to 503.
        return services.value()

    @router.get(
        "/stream",
        summary="Watch the list",
        description=STREAM,
        response_class=EventSourceResponse,
    )
    async def watch_instances(
        orchestrator: Annotated[Orchestrator, Depends(opened)],
        last_event_id: Annotated[str | None, Header(max_length=100)] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        async for event in watch(orchestrator.index, orchestrator.counted, last_event_id):
            yield event

    return router
