"""The list of instances as server-sent events: the counts, and then each change."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from fastapi.sse import ServerSentEvent

from orchestrator.schemas.instances import (
    InstanceCounts,
    InstanceEvent,
)
from orchestrator.visibility.change_feed import Change
from orchestrator.visibility.index import InstanceIndex

# Changes are collected for this long, so that an instance that runs through its steps within it is
# sent once.
BATCH_SECONDS = 0.5
# Waits become overdue, so the counts change by time alone.
MAX_IDLE_SECONDS = 5.0


class CachedCounts:
    """The counts of all instances, computed once for all subscribers."""

    def __init__(self, index: InstanceIndex) -> None:
        """Count the instances of `index`."""
        self._index = index
        self._counts: InstanceCounts | None = None
        self._encoded: str | None = None
        self._at = 0.0

    def current(self) -> InstanceCounts:
        """Return the counts, at most `BATCH_SECONDS` old."""
        now = time.monotonic()
        if self._counts is None or now - self._at >= BATCH_SECONDS:
            self._counts, self._at = self._index.all_counts(), now
            self._encoded = None
        return self._counts

    def encoded(self) -> str:
        """Return the counts of the last call of `current` as JSON."""
        if self._encoded is None:
            self._encoded = self.current().model_dump_json()
        return self._encoded


async def watch(
    index: InstanceIndex, counts: CachedCounts, last_event_id: str | None
) -> AsyncIterator[ServerSentEvent]:
    """Yield the events of the stream until the process stops.

    Args:
        index: The instances.
        counts: Their counts.
        last_event_id: The last event that the client received, if it reconnects.
    """
    feed = index.feed
    position = feed.position
    if last_event_id is not None:
        # An id that this process did not send stands for a position whose changes are discarded.
        resumed = feed.resume(last_event_id)
        position = -1 if resumed is None else resumed
    sent: InstanceCounts | None = None
    while not feed.closed:
        changes, first, position = feed.since(position), position + 1, feed.position
        event_id = feed.event_id(position)
        if changes is None:
            yield ServerSentEvent(event=InstanceEvent.RELOAD, data={}, id=event_id)
        for event in _events(changes or [], first, index):
            yield event
        current = counts.current()
        if sent is None or _differ(current, sent):
            sent = current
            yield ServerSentEvent(
                event=InstanceEvent.SUMMARY, raw_data=counts.encoded(), id=event_id
            )
        if feed.position == position:
            await feed.wait_for_change(MAX_IDLE_SECONDS)
        if not feed.closed:
            await asyncio.sleep(BATCH_SECONDS)


def _events(changes: list[Change], first: int, index: InstanceIndex) -> list[ServerSentEvent]:
    """Return an event for the last change of each instance, in the order of those changes.

    Args:
        changes: All changes after a position.
        first: The position of the first of them.
        index: Has the feed that makes event ids.
    """
    last = {change.instance_id: number for number, change in enumerate(changes)}
    now = datetime.now(UTC)
    return [
        _event(changes[number], index.feed.event_id(first + number), now)
        for number in sorted(last.values())
    ]


def _event(change: Change, event_id: str, now: datetime) -> ServerSentEvent:
    event = InstanceEvent.GONE if change.entry is None else InstanceEvent.INSTANCE
    return ServerSentEvent(event=event, raw_data=change.encoded(now), id=event_id)


def _differ(current: InstanceCounts, sent: InstanceCounts) -> bool:
    """Return whether the counts differ in more than the time when the ids were listed."""
    index = current.index.model_copy(update={"as_of": sent.index.as_of})
    return current.model_copy(update={"index": index}) != sent
