"""Entries kept in every order that a list can have, so that a page costs the same however many."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from contracts.instances import InstanceSort, Order
from orchestrator.visibility.cursors import (
    InvalidCursor,
    decode_cursor,
    encode_cursor,
    invalid_cursor,
)
from orchestrator.visibility.entry import Entry
from orchestrator.visibility.filters import Predicate, filtered

Key = tuple[Any, str]
"""What is sorted by, and the instance's id, so that no two entries are equal."""

_KEYS: dict[InstanceSort, Callable[[Entry], Key]] = {
    InstanceSort.CREATED_AT: lambda e: (e.created_at, e.instance_id),
    InstanceSort.LAST_UPDATED_AT: lambda e: (e.last_updated_at, e.instance_id),
    InstanceSort.INSTANCE_ID: lambda e: (e.instance_id, e.instance_id),
    InstanceSort.WORKFLOW: lambda e: (e.workflow, e.instance_id),
    InstanceSort.STATUS: lambda e: (e.status, e.instance_id),
}
_TIMES = (InstanceSort.CREATED_AT, InstanceSort.LAST_UPDATED_AT)


class SortedEntries:
    """One sorted list of the same entries for each order."""

    def __init__(self) -> None:
        """Start empty."""
        self._lists: dict[InstanceSort, list[Entry]] = {sort: [] for sort in InstanceSort}

    def add(self, entry: Entry) -> None:
        """Add an entry whose id is not there."""
        for sort, entries in self._lists.items():
            insort(entries, entry, key=_KEYS[sort])

    def remove(self, entry: Entry) -> None:
        """Remove an entry that was added."""
        for sort, entries in self._lists.items():
            del entries[_position(entries, entry, sort)]

    def replace(self, old: Entry, new: Entry) -> None:
        """Put `new` where `old` was, or where it belongs now."""
        for sort, entries in self._lists.items():
            position = _position(entries, old, sort)
            if _KEYS[sort](old) == _KEYS[sort](new):
                entries[position] = new
            else:
                del entries[position]
                insort(entries, new, key=_KEYS[sort])

    def page(
        self,
        sort: InstanceSort,
        order: Order,
        cursor: str | None,
        limit: int,
        rules: list[Predicate],
    ) -> tuple[list[Entry], str | None]:
        """Return the next wanted entries, and the cursor of the page after; None at the end.

        A cursor names the last entry that was shown, and not a number of entries: so those that
        come and go in between shift nothing.

        Raises:
            InvalidCursor: `cursor` is none, or of another order.
        """
        after = _read_cursor(cursor, sort, order) if cursor is not None else None
        found = list(islice(filtered(self._from(sort, order, after), rules), limit + 1))
        items = found[:limit]
        return items, _cursor(items[-1], sort, order) if len(found) > limit else None

    def _from(self, sort: InstanceSort, order: Order, after: Key | None) -> Iterator[Entry]:
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
    of_sort, of_order, text, instance_id = decode_cursor(cursor, parts=4)
    if (of_sort, of_order) != (sort, order):
        raise InvalidCursor("It belongs to another order")
    return (_time(text) if sort in _TIMES else text), instance_id


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid_cursor() from error
    if time.tzinfo is None:
        raise invalid_cursor()
    return time
