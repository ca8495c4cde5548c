"""The list of instances as a stream: what there is, and then what changes."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from fastapi.sse import ServerSentEvent

from contracts.instances import InstanceCounts, InstanceEvent, InstanceFilter, InstanceGone
from orchestrator.visibility.change_feed import Change
from orchestrator.visibility.index import InstanceIndex

# Changes are gathered for this long, so that an instance that runs through its steps in a moment
# is told of once.
GATHER_SECONDS = 0.5
# Waits run over, and time alone makes the counts change.
LONGEST_WAIT = 5.0
EVERYTHING = InstanceFilter()


class CachedCounts:
    """The counts of everything, counted once for all who watch."""

    def __init__(self, index: InstanceIndex) -> None:
        """Count what `index` has."""
        self._index = index
        self._counts: InstanceCounts | None = None
        self._at = 0.0

    def current(self) -> InstanceCounts:
        """Return the counts, not older than changes are gathered."""
        now = time.monotonic()
        if self._counts is None or now - self._at >= GATHER_SECONDS:
            self._counts, self._at = self._index.counts(EVERYTHING), now
        return self._counts


async def watch(
    index: InstanceIndex, counts: CachedCounts, last_event_id: str | None
) -> AsyncIterator[ServerSentEvent]:
    """Yield the events of the stream until the process stops.

    Args:
        index: What is watched.
        counts: Its counts.
        last_event_id: The last event that the client has seen, if it has seen any.
    """
    feed = index.feed
    position = feed.position
    if last_event_id is not None:
        # A position that nobody can know is one that is lost.
        known = feed.resume(last_event_id)
        position = -1 if known is None else known
    sent: InstanceCounts | None = None
    while not feed.closed:
        changes, first, position = feed.since(position), position + 1, feed.position
        event_id = feed.id_of(position)
        if changes is None:
            yield ServerSentEvent(event=InstanceEvent.RELOAD, data={}, id=event_id)
        for event in _events(changes or [], first, index):
            yield event
        current = counts.current()
        if sent is None or _differ(current, sent):
            sent = current
            yield ServerSentEvent(event=InstanceEvent.SUMMARY, data=current, id=event_id)
        if feed.position == position:
            await feed.wait_for_change(LONGEST_WAIT)
        if not feed.closed:
            await asyncio.sleep(GATHER_SECONDS)


def _events(changes: list[Change], first: int, index: InstanceIndex) -> list[ServerSentEvent]:
    """Return an event for the last change of each instance, in the order of those.

    Args:
        changes: The changes after a position, all of them.
        first: The position after the first one.
        index: Knows what an event's id is.
    """
    last = {change.instance_id: number for number, change in enumerate(changes)}
    now = datetime.now(UTC)
    return [
        _event(changes[number], index.feed.id_of(first + number), now)
        for number in sorted(last.values())
    ]


def _event(change: Change, event_id: str, now: datetime) -> ServerSentEvent:
    if change.entry is None:
        gone = InstanceGone(instance_id=change.instance_id)
        return ServerSentEvent(event=InstanceEvent.GONE, data=gone, id=event_id)
    summary = change.entry.summary(now)
    return ServerSentEvent(event=InstanceEvent.INSTANCE, data=summary, id=event_id)


def _differ(current: InstanceCounts, sent: InstanceCounts) -> bool:
    """Return whether the counts differ in more than when the ids were last listed."""
    index = current.index.model_copy(update={"as_of": sent.index.as_of})
    return current.model_copy(update={"index": index}) != sent
