"""When each instance is read next: a priority queue whose due times can be moved."""

from datetime import datetime
from heapq import heappop, heappush

from orchestrator.visibility.entry import Entry

# What changed lately will change again soon; what has not changed for long is likely to stay so.
# An instance is therefore read again after a tenth of the time since its last change, and when a
# wait reaches its deadline.
AGE_SHARE = 10
SHORTEST_DELAY = 1.0
LONGEST_DELAY = 60.0


class DueQueue:
    """Names, each with the time at which it is due."""

    def __init__(self) -> None:
        """Create an empty queue."""
        self._due: dict[str, float] = {}
        # An item that was rescheduled stays here until its former time, and is skipped then.
        self._heap: list[tuple[float, str]] = []

    def schedule(self, name: str, at: float) -> None:
        """Schedule a name, or reschedule it, for the time `at`."""
        if self._due.get(name) != at:
            self._due[name] = at
            heappush(self._heap, (at, name))

    def remove(self, name: str) -> None:
        """Remove a name, if it is scheduled."""
        self._due.pop(name, None)

    def pop_due(self, now: float, limit: int) -> list[str]:
        """Remove and return up to `limit` names that are due at `now`, longest overdue first."""
        due: list[str] = []
        while self._heap and self._heap[0][0] <= now and len(due) < limit:
            at, name = heappop(self._heap)
            if self._due.get(name) == at:
                del self._due[name]
                due.append(name)
        return due


def poll_delay(entry: Entry, now: datetime) -> float:
    """Return after how many seconds an instance that has not ended is read again."""
    age = (now - entry.last_updated_at).total_seconds()
    times = [*(wait.until for wait in entry.waits), entry.wake_up_at]
    deadlines = [(time - now).total_seconds() for time in times if time]
    first_deadline = min((left for left in deadlines if left > 0), default=LONGEST_DELAY)
    return max(min(age / AGE_SHARE, first_deadline, LONGEST_DELAY), SHORTEST_DELAY)
