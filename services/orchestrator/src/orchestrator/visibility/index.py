"""The index of all instances, in memory: Dapr lists ids only, and a list shows more."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from contracts.instances import (
    IndexState,
    InstanceCounts,
    InstanceFilter,
    InstancePage,
    InstanceQuery,
)
from contracts.orchestrator import RuntimeStatus
from orchestrator.visibility.change_feed import Change, ChangeFeed
from orchestrator.visibility.entry import Entry
from orchestrator.visibility.filters import filtered, matching
from orchestrator.visibility.sorted_entries import SortedEntries


class InstanceIndex:
    """What is known of every instance; it does no I/O, the poller feeds it."""

    def __init__(self, feed: ChangeFeed) -> None:
        """Start empty; tell `feed` of each change once all there was is known."""
        self.feed = feed
        self.pending: set[str] = set()
        """Ids that nothing else is known of yet."""
        self.as_of: datetime | None = None
        self._rebuilt = False
        self._entries: dict[str, Entry] = {}
        self._sorted = SortedEntries()

    def get(self, instance_id: str) -> Entry | None:
        """Return what is known of an instance."""
        return self._entries.get(instance_id)

    def ids(self) -> list[str]:
        """Return every id that is known."""
        return [*self._entries, *self.pending]

    def add_pending(self, instance_id: str) -> bool:
        """Note an id; return whether it is new."""
        if instance_id in self._entries or instance_id in self.pending:
            return False
        self.pending.add(instance_id)
        return True

    def put(self, entry: Entry) -> None:
        """Take what was read of an instance."""
        self.pending.discard(entry.instance_id)
        old = self._entries.get(entry.instance_id)
        if old == entry:
            return
        self._entries[entry.instance_id] = entry
        if old is None:
            self._sorted.add(entry)
        else:
            self._sorted.replace(old, entry)
        self._tell(Change(entry.instance_id, entry))

    def drop(self, instance_id: str) -> None:
        """Forget an instance that is no more."""
        self.pending.discard(instance_id)
        old = self._entries.pop(instance_id, None)
        if old is not None:
            self._sorted.remove(old)
            self._tell(Change(instance_id, None))

    def mark_complete(self) -> None:
        """After a start, call the index complete as soon as it is."""
        if not self._rebuilt and self.as_of is not None and not self.pending:
            self._rebuilt = True
            # Whoever watched saw none of it one by one.
            self.feed.invalidate()

    def page(self, query: InstanceQuery) -> InstancePage:
        """Return a page of the list.

        Raises:
            InvalidCursor: The cursor is none, or of another order.
        """
        now = datetime.now(UTC)
        items, after = self._sorted.page(
            query.sort, query.order, query.cursor, query.limit, matching(query, now)
        )
        return InstancePage(
            items=[entry.summary(now) for entry in items], next=after, index=self.state()
        )

    def entries(self) -> Iterable[Entry]:
        """Return what is known of every instance, in no order."""
        return self._entries.values()

    def counts(self, wanted: InstanceFilter) -> InstanceCounts:
        """Return how many of the wanted instances there are."""
        now = datetime.now(UTC)
        by_both: Counter[tuple[str, RuntimeStatus]] = Counter()
        waiting: Counter[str] = Counter()
        overdue = 0
        for entry in filtered(self._entries.values(), matching(wanted, now)):
            by_both[entry.workflow, entry.status] += 1
            if entry.waits and not entry.terminal:
                waiting.update({wait.event for wait in entry.waits})
                overdue += entry.overdue(now)
        by_status: Counter[RuntimeStatus] = Counter()
        by_workflow: dict[str, dict[RuntimeStatus, int]] = {}
        for (workflow, status), count in sorted(by_both.items()):
            by_status[status] += count
            by_workflow.setdefault(workflow, {})[status] = count
        return InstanceCounts(
            total=by_both.total(),
            by_status=dict(by_status),
            by_workflow=by_workflow,
            waiting=dict(waiting),
            overdue=overdue,
            index=self.state(),
        )

    def state(self) -> IndexState:
        """Return how much of what there is, is known."""
        return IndexState(
            known=len(self._entries),
            pending=len(self.pending),
            complete=self.as_of is not None and not self.pending,
            as_of=self.as_of,
        )

    def _tell(self, change: Change) -> None:
        if self._rebuilt:
            self.feed.publish(change)
        else:
            self.feed.notify_all()
