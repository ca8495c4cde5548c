"""Filters of the list of instances: pure predicates on the index's entries."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from contracts.problems import FieldError, ProblemType
from orchestrator.schemas.instances import InstanceFilter
from orchestrator.visibility.entry import Entry
from servicekit.problems import ProblemError

Predicate = Callable[[Entry], bool]
MAX_WORDS = 8
# A shorter one is in nearly every entry, and costs the same.
SHORTEST_WORD = 2


def matching(wanted: InstanceFilter, now: datetime, max_words: int = MAX_WORDS) -> list[Predicate]:
    """Return a predicate for each condition of a filter, the cheap ones first.

    Args:
        wanted: The filter; an entry must match all of its conditions.
        now: A wait with a deadline before this is overdue.
        max_words: How many words a search may have.

    Raises:
        ProblemError: The search has too many words, or one that is too short (422).
    """
    words = _search_words(wanted.q or "", max_words)
    return [
        *_of_kind(wanted),
        *_of_place(wanted),
        *_of_time(wanted, now),
        *_of_event(wanted),
        *(_of_word(word) for word in words),
    ]


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
    if wanted.outcome:
        outcomes = frozenset(wanted.outcome)
        yield lambda e: e.outcome in outcomes


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


def _of_event(wanted: InstanceFilter) -> Iterator[Predicate]:
    if wanted.waiting_for is not None:
        event = wanted.waiting_for.casefold()
        yield lambda e: waits_for(e, event)


def _of_word(word: str) -> Predicate:
    return lambda e: word in e.search


def _search_words(text: str, max_words: int) -> list[str]:
    """Return the different words of a search, the longest first: few entries have those."""
    words = sorted(set(text.casefold().split()), key=lambda word: (-len(word), word))
    if len(words) > max_words or any(len(word) < SHORTEST_WORD for word in words):
        message = (
            f"At most {max_words} different words, of at least {SHORTEST_WORD} characters each"
        )
        raise ProblemError(
            ProblemType.VALIDATION, f"q: {message}", errors=[FieldError(field="q", message=message)]
        )
    return words


def waits_for(entry: Entry, event: str) -> bool:
    """Return whether an instance waits for an event, given in lower case."""
    return not entry.terminal and any(wait.event == event for wait in entry.waits)
