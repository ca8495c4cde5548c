"""The in-memory index of all instances: Dapr lists ids only, and the list shows more."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from orchestrator.schemas.instances import (
    IndexState,
    InstanceCounts,
    InstanceFilter,
    InstancePage,
    InstanceQuery,
)
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.visibility.change_feed import Change, ChangeFeed
from orchestrator.visibility.entry import Entry
from orchestrator.visibility.filters import MAX_WORDS, filtered, matching
from orchestrator.visibility.slices import sliced
from orchestrator.visibility.sorted_entries import SortedEntries
from orchestrator.visibility.tally import Tally


class InstanceIndex:
    """An entry for each instance. It does no I/O: the poller updates it."""

    def __init__(self, feed: ChangeFeed, max_search_words: int = MAX_WORDS) -> None:
        """Create an empty index.

        Args:
            feed: Gets each change, once the index is complete after a start.
            max_search_words: How many words a search may have.
        """
        self._max_search_words = max_search_words
        self._tally = Tally()
        self.feed = feed
        self.pending: set[str] = set()
        """Ids that were listed and not read yet."""
        self.as_of: datetime | None = None
        self._created_at = datetime.now(UTC)
        self._was_complete = False
        self._entries: dict[str, Entry] = {}
        self._sorted = SortedEntries()

    def get(self, instance_id: str) -> Entry | None:
        """Return the entry of an instance, if it was read."""
        return self._entries.get(instance_id)

    def ids(self) -> list[str]:
        """Return all ids, read or pending."""
        return [*self._entries, *self.pending]

    def add_pending(self, instance_id: str) -> bool:
        """Add an id that was listed; return whether it is new."""
        if instance_id in self._entries or instance_id in self.pending:
            return False
        self.pending.add(instance_id)
        return True

    def put(self, entry: Entry) -> None:
        """Add or replace the entry of an instance."""
        self.pending.discard(entry.instance_id)
        old = self._entries.get(entry.instance_id)
        if old is not None and old.last_updated_at == entry.last_updated_at:
            # What reads the entry does not read this.
            entry = replace(entry, wake_up_at=old.wake_up_at)
        self._replace(old, entry)

    def _replace(self, old: Entry | None, entry: Entry) -> None:
        if old == entry:
            return
        self._entries[entry.instance_id] = entry
        self._tally.replace(old, entry)
        if old is None:
            self._sorted.add(entry)
        else:
            self._sorted.replace(old, entry)
        self._publish(Change(entry.instance_id, entry))

    def note_end(self, instance_id: str, status: RuntimeStatus) -> None:
        """Note how an instance has ended, where it was not read since.

        Args:
            instance_id: The instance.
            status: Its status.
        """
        entry = self._entries.get(instance_id)
        if entry is not None and not entry.terminal:
            self._replace(entry, replace(entry, status=status))

    def note_wake_up(self, instance_id: str, at: datetime | None) -> None:
        """Note when the next timer or reminder of an instance is due, until it changes.

        Args:
            instance_id: The instance.
            at: The time in UTC; None where it waits for none.
        """
        entry = self._entries.get(instance_id)
        if entry is not None and entry.wake_up_at != at:
            self._replace(entry, replace(entry, wake_up_at=at))

    def drop(self, instance_id: str) -> None:
        """Remove an instance that the engine no longer has."""
        self.pending.discard(instance_id)
        old = self._entries.pop(instance_id, None)
        if old is not None:
            self._sorted.remove(old)
            self._tally.replace(old, None)
            self._publish(Change(instance_id, None))

    def mark_complete(self) -> None:
        """Publish changes from now on, if every listed id has been read since the start."""
        if not self._was_complete and self.as_of is not None and not self.pending:
            self._was_complete = True
            # Subscribers got none of the changes until now.
            self.feed.invalidate()

    async def page(self, query: InstanceQuery) -> InstancePage:
        """Return a page of the list.

        Raises:
            InvalidCursor: The cursor is malformed, or of another sort field or order.
            ProblemError: The search has too many words, or one that is too short (422).
        """
        now = datetime.now(UTC)
        predicates = matching(query, now, self._max_search_words)
        items, after = await self._sorted.page(
            query.sort, query.order, query.cursor, query.limit, predicates
        )
        return InstancePage(
            items=[entry.summary(now) for entry in items], next=after, index=self.state()
        )

    def waiting(self) -> Iterable[Entry]:
        """Return the entries of the instances that wait for an event, unsorted."""
        return self._tally.waiting()

    def waits_for_peers(self) -> dict[str, int]:
        """Return how many steps wait for a peer that is away, by the peer."""
        return self._tally.by_peer()

    def lasting(self, eternal: Collection[str], time: datetime) -> list[str]:
        """Return the ids of the instances that may have been started before a time.

        Args:
            eternal: The workflows whose instances say when their current generation was created.
            time: The others were created before it.
        """
        return [
            entry.instance_id
            for entry in self._entries.values()
            if entry.created_at < time or entry.workflow in eternal
        ]

    async def scan(self, wanted: InstanceFilter) -> AsyncIterator[list[Entry]]:
        """Yield the entries that match a filter, unsorted, in slices.

        Raises:
            ProblemError: The search has too many words, or one that is too short (422).
        """
        predicates = matching(wanted, datetime.now(UTC), self._max_search_words)
        async for part in sliced(self._entries.values()):
            yield list(filtered(part, predicates))

    async def counts(self, wanted: InstanceFilter) -> InstanceCounts:
        """Return the counts of the instances that match a filter.

        Raises:
            ProblemError: The search has too many words, or one that is too short (422).
        """
        tally = Tally()
        async for part in self.scan(wanted):
            for entry in part:
                tally.replace(None, entry)
        return self._counts(tally)

    def all_counts(self) -> InstanceCounts:
        """Return the counts of all instances, which are kept up to date with each change."""
        return self._counts(self._tally)

    def _counts(self, tally: Tally) -> InstanceCounts:
        by_status: Counter[RuntimeStatus] = Counter()
        by_workflow: dict[str, dict[RuntimeStatus, int]] = {}
        for (workflow, status), count in tally.by_workflow_and_status():
            by_status[status] += count
            by_workflow.setdefault(workflow, {})[status] = count
        by_outcome: Counter[str] = Counter()
        outcomes: dict[str, dict[str, int]] = {}
        for (workflow, outcome), count in tally.by_workflow_and_outcome():
            by_outcome[outcome] += count
            outcomes.setdefault(workflow, {})[outcome] = count
        waiting, overdue = tally.waits(datetime.now(UTC))
        return InstanceCounts(
            total=by_status.total(),
            by_status=dict(by_status),
            by_workflow=by_workflow,
            by_outcome=dict(by_outcome),
            outcomes_by_workflow=outcomes,
            waiting=waiting,
            overdue=overdue,
            index=self.state(),
        )

    def age_seconds(self) -> float:
        """Return how long ago all ids were listed; before the first time, since the start."""
        return (datetime.now(UTC) - (self.as_of or self._created_at)).total_seconds()

    def state(self) -> IndexState:
        """Return how complete the index is."""
        return IndexState(
            known=len(self._entries),
            pending=len(self.pending),
            complete=self.as_of is not None and not self.pending,
            as_of=self.as_of,
        )

    def _publish(self, change: Change) -> None:
        if self._was_complete:
            self.feed.publish(change)
        else:
            self.feed.notify_all()
