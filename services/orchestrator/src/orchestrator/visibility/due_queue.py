"""When each instance is to be read next."""

from heapq import heappop, heappush


class DueQueue:
    """Names with the time of each; the time of a name may be moved."""

    def __init__(self) -> None:
        """Start empty."""
        self._due: dict[str, float] = {}
        # What was moved stays here until its former time, and is passed over then.
        self._heap: list[tuple[float, str]] = []

    def __contains__(self, name: str) -> bool:
        """Say whether a name has a time."""
        return name in self._due

    def schedule(self, name: str, at: float) -> None:
        """Set the time of a name."""
        if self._due.get(name) != at:
            self._due[name] = at
            heappush(self._heap, (at, name))

    def remove(self, name: str) -> None:
        """Forget a name."""
        self._due.pop(name, None)

    def pop_due(self, now: float, limit: int) -> list[str]:
        """Remove and return up to `limit` names whose time has come, the longest due first."""
        taken: list[str] = []
        while self._heap and self._heap[0][0] <= now and len(taken) < limit:
            at, name = heappop(self._heap)
            if self._due.get(name) == at:
                del self._due[name]
                taken.append(name)
        return taken
