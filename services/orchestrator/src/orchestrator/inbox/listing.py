"""Which waits the inbox shows, and in which order: pure rules over the index's entries."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from contracts.waiting import WaitingFilter, WaitingItem
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Event
from orchestrator.visibility.cursors import decode_cursor, encode_cursor, invalid_cursor
from orchestrator.visibility.entry import Entry, KnownWait

# Where there is no deadline: behind all that has one.
NEVER = datetime.max.replace(tzinfo=UTC)


class Waiting(NamedTuple):
    """A wait, with the instance that waits and what its event means."""

    entry: Entry
    wait: KnownWait
    event: Event

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the inbox is sorted by: the deadline, and names.

        The event is one of them, for what ends by whichever of two events comes first has one
        wait for both.
        """
        until = _written(self.wait.until or NEVER)
        return until, self.entry.instance_id, self.wait.id, self.event.name

    def overdue(self, now: datetime) -> bool:
        """Return whether it is past its time."""
        return self.wait.until is not None and self.wait.until < now

    def item(self, now: datetime, claimed_by: str | None) -> WaitingItem:
        """Return it as the API shows it."""
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
            payload_schema=self.event.payload.model_json_schema(),
        )


def page_of(
    catalogue: Catalogue,
    entries: Iterable[Entry],
    wanted: WaitingFilter,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[list[Waiting], str | None]:
    """Return the next wanted waits, the soonest deadline first, and the cursor of the page after.

    Raises:
        InvalidCursor: `cursor` is none.
    """
    after = _read(cursor) if cursor is not None else None
    found = sorted(_wanted(_all(catalogue, entries), wanted, now), key=lambda waiting: waiting.key)
    rest = [waiting for waiting in found if after is None or waiting.key > after]
    items = rest[:limit]
    return items, encode_cursor(*items[-1].key) if len(rest) > limit else None


def _read(cursor: str) -> tuple[str, ...]:
    parts = decode_cursor(cursor, parts=4)
    try:
        until = _written(datetime.fromisoformat(parts[0]))
    except (ValueError, OverflowError) as error:
        raise invalid_cursor() from error
    if until != parts[0]:
        raise invalid_cursor()
    return tuple(parts)


def _written(until: datetime) -> str:
    """Return a deadline as a text that sorts as the deadline does."""
    return until.astimezone(UTC).isoformat(timespec="microseconds")


def _wanted(found: Iterable[Waiting], wanted: WaitingFilter, now: datetime) -> Iterator[Waiting]:
    for waiting in found:
        wait, event = waiting.wait, waiting.event
        if wanted.workflow and waiting.entry.workflow not in wanted.workflow:
            continue
        if wanted.event is not None and event.name.casefold() != wanted.event.casefold():
            continue
        if wanted.assigned_to is not None and wait.assigned_to != wanted.assigned_to:
            continue
        if wanted.overdue is not None and waiting.overdue(now) is not wanted.overdue:
            continue
        yield waiting


def _all(catalogue: Catalogue, entries: Iterable[Entry]) -> Iterator[Waiting]:
    """Yield what can be decided: a child's code may wait for what no catalogue describes."""
    for entry in entries:
        if not entry.waits or entry.terminal:
            continue
        definition = catalogue.named(entry.workflow)
        for wait in entry.waits:
            if definition and (event := definition.event(wait.event)):
                yield Waiting(entry, wait, event)
