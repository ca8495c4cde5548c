"""The entries, kept sorted by each sort field: a page costs the same however long the list is."""

import asyncio
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from orchestrator.schemas.instances import InstanceSort, Order
from orchestrator.visibility.cursors import (
    InvalidCursor,
    decode_cursor,
    encode_cursor,
    invalid_cursor,
)
from orchestrator.visibility.entry import Entry
from orchestrator.visibility.filters import Predicate, filtered
from orchestrator.visibility.slices import SLICE

Key = tuple[Any, str]
"""The value of the sort field, and the instance id, so that no two keys are equal."""

_KEYS: dict[InstanceSort, Callable[[Entry], Key]] = {
    InstanceSort.CREATED_AT: lambda e: (e.created_at, e.instance_id),
    InstanceSort.LAST_UPDATED_AT: lambda e: (e.last_updated_at, e.instance_id),
    InstanceSort.INSTANCE_ID: lambda e: (e.instance_id, e.instance_id),
    InstanceSort.WORKFLOW: lambda e: (e.workflow, e.instance_id),
    InstanceSort.STATUS: lambda e: (e.status, e.instance_id),
}
_TIMES = (InstanceSort.CREATED_AT, InstanceSort.LAST_UPDATED_AT)


class SortedEntries:
    """The same entries in one sorted list for each sort field."""

    def __init__(self) -> None:
        """Create it without entries."""
        self._lists: dict[InstanceSort, list[Entry]] = {sort: [] for sort in InstanceSort}

    def add(self, entry: Entry) -> None:
        """Add an entry; its id must be new."""
        for sort, entries in self._lists.items():
            insort(entries, entry, key=_KEYS[sort])

    def remove(self, entry: Entry) -> None:
        """Remove an entry; it must be there."""
        for sort, entries in self._lists.items():
            del entries[_position(entries, entry, sort)]

    def replace(self, old: Entry, new: Entry) -> None:
        """Replace an entry by a newer one of the same instance."""
        for sort, entries in self._lists.items():
            position = _position(entries, old, sort)
            if _KEYS[sort](old) == _KEYS[sort](new):
                entries[position] = new
            else:
                del entries[position]
                insort(entries, new, key=_KEYS[sort])

    async def page(
        self,
        sort: InstanceSort,
        order: Order,
        cursor: str | None,
        limit: int,
        predicates: list[Predicate],
    ) -> tuple[list[Entry], str | None]:
        """Return a page of the matching entries.

        A cursor names the last entry of a page and is no offset, so entries that are added or
        removed between two pages neither repeat nor hide others.

        Args:
            sort: The field to sort by.
            order: Ascending or descending.
            cursor: The cursor that the page before returned; None for the first page.
            limit: The size of a page.
            predicates: What an entry must match.

        Returns:
            The entries, and the cursor of the next page; None at the end.

        Raises:
            InvalidCursor: `cursor` is malformed, or of another sort field or order.
        """
        after = _read_cursor(cursor, sort, order) if cursor is not None else None
        found: list[Entry] = []
        while len(found) <= limit:
            part = list(islice(self._after(sort, order, after), SLICE))
            found += islice(filtered(part, predicates), limit + 1 - len(found))
            if len(part) < SLICE:
                break
            # By the key and not by the position, which others may change meanwhile.
            after = _KEYS[sort](part[-1])
            await asyncio.sleep(0)
        items = found[:limit]
        return items, _cursor(items[-1], sort, order) if len(found) > limit else None

    def _after(self, sort: InstanceSort, order: Order, after: Key | None) -> Iterator[Entry]:
        entries, key = self._lists[sort], _KEYS[sort]
        if order is Order.ASC:
            first = 0 if after is None else bisect_right(entries, after, key=key)
            return (entries[i] for i in range(first, len(entries)))
        end = len(entries) if after is None else bisect_left(entries, after, key=key)
        return (entries[i] for i in range(end - 1, -1, -1))


def _position(entries: list[Entry], entry: Entry, sort: InstanceSort) -> int:
    return bisect_left(entries, _KEYS[sort](entry), key=_KEYS[sort])


def _cursor(entry: Entry, sort: InstanceSort, order: Order) -> str:
    key, instance_id = _KEYS[sort](entry)
    text = key.isoformat() if isinstance(key, datetime) else key
    return encode_cursor(sort, order, text, instance_id)


def _read_cursor(cursor: str, sort: InstanceSort, order: Order) -> Key:
    cursor_sort, cursor_order, text, instance_id = decode_cursor(cursor, parts=4)
    if (cursor_sort, cursor_order) != (sort, order):
        raise InvalidCursor("It belongs to another sort field or order")
    return (_time(text) if sort in _TIMES else text), instance_id


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid_cursor() from error
    if time.tzinfo is None:
        raise invalid_cursor()
    return time
