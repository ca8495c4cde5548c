"""Counts of instances that are kept up to date with each change of an entry."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.visibility.entry import Entry


class Tally:
    """How many instances there are by workflow, status and outcome, and which of them wait."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self._by_both: Counter[tuple[str, RuntimeStatus]] = Counter()
        self._by_outcome: Counter[tuple[str, str]] = Counter()
        self._by_peer: Counter[str] = Counter()
        self._waiting: dict[str, Entry] = {}

    def replace(self, old: Entry | None, new: Entry | None) -> None:
        """Count an entry instead of another of the same instance.

        Args:
            old: What was counted; None where the instance is new.
            new: What to count; None where the instance is gone.
        """
        if old is not None:
            self._by_both[old.workflow, old.status] -= 1
            self._remove_outcome(old)
            self._waiting.pop(old.instance_id, None)
            if old.peer is not None:
                self._by_peer[old.peer] -= 1
        if new is not None:
            self._by_both[new.workflow, new.status] += 1
            if new.outcome is not None:
                self._by_outcome[new.workflow, new.outcome] += 1
            if new.peer is not None:
                self._by_peer[new.peer] += 1
            if (new.waits or new.wake_up_at) and not new.terminal:
                self._waiting[new.instance_id] = new

    def by_workflow_and_status(self) -> list[tuple[tuple[str, RuntimeStatus], int]]:
        """Return the counts that are not 0, sorted."""
        return sorted(item for item in self._by_both.items() if item[1])

    def by_workflow_and_outcome(self) -> list[tuple[tuple[str, str], int]]:
        """Return the counts of the instances that have an outcome, sorted."""
        return sorted(self._by_outcome.items())

    def by_peer(self) -> dict[str, int]:
        """Return how many steps wait for each peer that was ever waited for: 0 once it is back."""
        return dict(self._by_peer)

    def waiting(self) -> Iterable[Entry]:
        """Return the entries of the instances that wait for an event or a time."""
        return self._waiting.values()

    def waits(self, now: datetime) -> tuple[dict[str, int], int]:
        """Return how many instances wait for each event, and of how many a wait is overdue."""
        by_event: Counter[str] = Counter()
        overdue = 0
        for entry in self._waiting.values():
            by_event.update({wait.event for wait in entry.waits})
            overdue += entry.overdue(now)
        return dict(by_event), overdue

    def _remove_outcome(self, old: Entry) -> None:
        if old.outcome is None:
            return
        key = old.workflow, old.outcome
        self._by_outcome[key] -= 1
        # A child's code may return any text: what nothing has any more is kept no longer.
        if not self._by_outcome[key]:
            del self._by_outcome[key]
