"""Routes of the list of instances: pages, counts, and the stream of changes."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from orchestrator.api.deps import CountsDep, IndexDep, PollerDep, stream_slot
from orchestrator.schemas.instances import (
    InstanceCounts,
    InstanceEvent,
    InstanceFilter,
    InstancePage,
    InstanceQuery,
)
from orchestrator.visibility.sse import watch

STREAM = f"""Server-sent events, without end. `{InstanceEvent.SUMMARY}` comes first, and again when
the counts have changed; `{InstanceEvent.INSTANCE}` carries an instance that appeared or changed, as
in the list; `{InstanceEvent.GONE}` the id of one that was purged. `{InstanceEvent.RELOAD}` means
that changes were discarded (the client was slow, or disconnected for long, or the service
restarted): read the list again. Each event has an id; a client that reconnects with
`Last-Event-ID`, as browsers do, gets the events that it missed."""

router = APIRouter(prefix="/instances", tags=["instances"])


@router.get(
    "",
    summary="List instances",
    description="Newest first by default. The list is kept in memory: `index` reports how complete "
    "it is, which takes a while after a start. Instances on the page that have not ended were read "
    "within the last half second, if the sidecar answers in time.",
)
async def list_instances(
    query: Annotated[InstanceQuery, Query()], index: IndexDep, poller: PollerDep
) -> InstancePage:
    """Return a page of the list."""
    page = await index.page(query)
    if await poller.refresh_stale([item.instance_id for item in page.items]):
        return await index.page(query)
    return page


@router.get(
    "/summary",
    summary="Count instances",
    description="By workflow, status and outcome: of all instances, or of those that match the "
    "filter.",
)
async def count_instances(
    wanted: Annotated[InstanceFilter, Query()], index: IndexDep, counts: CountsDep
) -> InstanceCounts:
    """Return the number of instances by workflow, status and outcome."""
    if wanted == InstanceFilter():
        return counts.current()
    return await index.counts(wanted)


# Its dependencies are resolved before the stream begins, when its status can still become 503.
@router.get(
    "/stream",
    summary="Watch the list",
    description=STREAM,
    response_class=EventSourceResponse,
    dependencies=[Depends(stream_slot)],
)
async def watch_instances(
    index: IndexDep,
    counts: CountsDep,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Stream the changes of the list of instances."""
    async for event in watch(index, counts, last_event_id):
        yield event
