"""Filters of the list of instances: pure predicates on the index's entries."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from orchestrator.schemas.instances import InstanceFilter
from orchestrator.visibility.entry import Entry

Predicate = Callable[[Entry], bool]


def matching(wanted: InstanceFilter, now: datetime) -> list[Predicate]:
    """Return a predicate for each condition of a filter, the cheap ones first.

    Args:
        wanted: The filter; an entry must match all of its conditions.
        now: A wait with a deadline before this is overdue.
    """
    return [*_of_kind(wanted), *_of_place(wanted), *_of_time(wanted, now), *_of_text(wanted)]


def filtered(entries: Iterable[Entry], predicates: Iterable[Predicate]) -> Iterable[Entry]:
    """Return the entries that match all predicates, which are applied in their order."""
    for predicate in predicates:
        entries = filter(predicate, entries)
    return entries


def _of_kind(wanted: InstanceFilter) -> Iterator[Predicate]:
    if wanted.workflow:
        workflows = frozenset(wanted.workflow)
        yield lambda e: e.workflow in workflows
    if wanted.status:
        statuses = frozenset(wanted.status)
        yield lambda e: e.status in statuses


def _of_place(wanted: InstanceFilter) -> Iterator[Predicate]:
    if wanted.top_level:
        yield lambda e: e.parent is None
    if (parent := wanted.parent) is not None:
        yield lambda e: e.parent == parent
    if (prefix := wanted.id_prefix) is not None:
        yield lambda e: e.instance_id.startswith(prefix)


def _of_time(wanted: InstanceFilter, now: datetime) -> Iterator[Predicate]:
    if (earliest := wanted.created_from) is not None:
        yield lambda e: e.created_at >= earliest
    if (end := wanted.created_to) is not None:
        yield lambda e: e.created_at < end
    if (overdue := wanted.overdue) is not None:
        yield lambda e: e.overdue(now) is overdue


def _of_text(wanted: InstanceFilter) -> Iterator[Predicate]:
    if wanted.waiting_for is not None:
        event = wanted.waiting_for.casefold()
        yield lambda e: waits_for(e, event)
    for word in (wanted.q or "").casefold().split():
        yield lambda e, word=word: word in e.search  # type: ignore[misc]


def waits_for(entry: Entry, event: str) -> bool:
    """Return whether an instance waits for an event, given in lower case."""
    return not entry.terminal and any(wait.event == event for wait in entry.waits)
