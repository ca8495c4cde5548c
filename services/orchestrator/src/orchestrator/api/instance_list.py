"""The list of instances: pages, counts, and a stream of what changes."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from contracts.instances import (
    InstanceCounts,
    InstanceEvent,
    InstanceFilter,
    InstancePage,
    InstanceQuery,
)
from orchestrator.api.deps import CountsDep, IndexDep, PollerDep
from orchestrator.visibility.sse import watch

STREAM = f"""Server-sent events, without end. `{InstanceEvent.SUMMARY}` comes first, and again when
the counts have changed; `{InstanceEvent.INSTANCE}` carries an instance, as in the list, that
appeared or changed; `{InstanceEvent.GONE}` the id of one that was purged. `{InstanceEvent.RELOAD}`
says that more changed than is kept for you (you were slow, or away for long, or the service
restarted): read the list again. Each event has an id; a client that comes back with
`Last-Event-ID`, as browsers do, gets what it missed."""

router = APIRouter(prefix="/instances", tags=["instances"])


@router.get(
    "",
    summary="List instances",
    description="Newest first, unless asked otherwise. What is listed is kept in memory: "
    "`index` says how much of what there is it knows, which is not all for a while after a "
    "start. What is on the page and has not ended was read within the last half second.",
)
async def list_instances(
    query: Annotated[InstanceQuery, Query()], index: IndexDep, poller: PollerDep
) -> InstancePage:
    """Return a page of the list."""
    page = index.page(query)
    await poller.refresh_stale([item.instance_id for item in page.items])
    return index.page(query)


@router.get(
    "/summary",
    summary="Count instances",
    description="Counts all of them, or those of the filter.",
)
async def count_instances(
    wanted: Annotated[InstanceFilter, Query()], index: IndexDep
) -> InstanceCounts:
    """Return how many instances there are by workflow and status."""
    return index.counts(wanted)


# Once a stream has begun, its status cannot be changed to 503: so what it depends on is resolved
# before.
@router.get(
    "/stream",
    summary="Watch the list",
    description=STREAM,
    response_class=EventSourceResponse,
)
async def watch_instances(
    index: IndexDep,
    counts: CountsDep,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Stream the changes of the list."""
    async for event in watch(index, counts, last_event_id):
        yield event
