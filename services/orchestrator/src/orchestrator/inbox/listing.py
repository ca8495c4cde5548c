"""The inbox as a sorted, filtered and paged list of waits. No I/O."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from heapq import nsmallest
from itertools import chain
from typing import NamedTuple

from orchestrator.schemas.waiting import WaitingFilter, WaitingItem
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Event
from orchestrator.visibility.cursors import decode_cursor, encode_cursor, invalid_cursor
from orchestrator.visibility.entry import Entry, KnownWait
from orchestrator.visibility.slices import sliced

# A wait without a deadline sorts behind all that have one.
NEVER = datetime.max.replace(tzinfo=UTC)


class InboxItem(NamedTuple):
    """A wait, with the entry of its instance and the event that it is for."""

    entry: Entry
    wait: KnownWait
    event: Event

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The sort key: the deadline, then instance, wait and event.

        The event is part of it, because one wait can be for whichever of two events comes first.
        """
        until = _sortable(self.wait.until or NEVER)
        return until, self.entry.instance_id, self.wait.id, self.event.name

    def overdue(self, now: datetime) -> bool:
        """Return whether the deadline has passed at `now`."""
        return self.wait.until is not None and self.wait.until < now

    def to_api(self, now: datetime, claimed_by: str | None) -> WaitingItem:
        """Return the item as the API shows it."""
        return WaitingItem(
            instance_id=self.entry.instance_id,
            workflow=self.entry.workflow,
            event=self.event.name,
            wait_id=self.wait.id,
            message=self.entry.message,
            since=self.wait.since,
            until=self.wait.until,
            overdue=self.overdue(now),
            assigned_to=self.wait.assigned_to,
            claimed_by=claimed_by,
            description=self.event.description,
            payload_schema=self.event.payload_schema,
        )


async def page_of(
    catalogue: Catalogue,
    entries: Iterable[Entry],
    wanted: WaitingFilter,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[list[InboxItem], str | None]:
    """Return a page of the matching waits, earliest deadline first.

    Args:
        catalogue: The hosted workflows; waits for events of others are left out.
        entries: The entries of the index.
        wanted: The filter.
        cursor: The cursor that the page before returned; None for the first page.
        limit: The size of a page.
        now: A wait with a deadline before this is overdue.

    Returns:
        The items, and the cursor of the next page; None at the end.

    Raises:
        InvalidCursor: `cursor` is malformed.
    """
    after = _sort_key(cursor) if cursor is not None else None
    found: list[InboxItem] = []
    async for part in sliced(entries):
        matches = _matching(_all(catalogue, part), wanted, now)
        rest = (item for item in matches if after is None or item.key > after)
        found = nsmallest(limit + 1, chain(found, rest), key=lambda item: item.key)
    items = found[:limit]
    return items, encode_cursor(*items[-1].key) if len(found) > limit else None


def _sort_key(cursor: str) -> tuple[str, ...]:
    parts = decode_cursor(cursor, parts=4)
    try:
        until = _sortable(datetime.fromisoformat(parts[0]))
    except (ValueError, OverflowError) as error:
        raise invalid_cursor() from error
    if until != parts[0]:
        raise invalid_cursor()
    return tuple(parts)


def _sortable(until: datetime) -> str:
    """Return a deadline as text that sorts chronologically."""
    return until.astimezone(UTC).isoformat(timespec="microseconds")


def _matching(
    items: Iterable[InboxItem], wanted: WaitingFilter, now: datetime
) -> Iterator[InboxItem]:
    for item in items:
        wait, event = item.wait, item.event
        if wanted.workflow and item.entry.workflow not in wanted.workflow:
            continue
        if wanted.event is not None and event.name.casefold() != wanted.event.casefold():
            continue
        if wanted.assigned_to is not None and wait.assigned_to != wanted.assigned_to:
            continue
        if wanted.overdue is not None and item.overdue(now) is not wanted.overdue:
            continue
        yield item


def _all(catalogue: Catalogue, entries: Iterable[Entry]) -> Iterator[InboxItem]:
    """Yield the waits for declared events; those of child workflows are in no catalogue."""
    for entry in entries:
        if not entry.waits or entry.terminal:
            continue
        definition = catalogue.named(entry.workflow)
        for wait in entry.waits:
            if definition and (event := definition.event(wait.event)):
                yield InboxItem(entry, wait, event)
