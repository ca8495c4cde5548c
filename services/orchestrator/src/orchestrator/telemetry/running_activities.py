"""Which activities run in this process."""

from collections.abc import Iterator
from contextlib import contextmanager


class RunningActivities:
    """The activities that run now; any thread may ask."""

    def __init__(self) -> None:
        """Begin without any."""
        self._running: dict[tuple[str, int], int] = {}

    @contextmanager
    def running(self, instance_id: str, task_id: int) -> Iterator[None]:
        """Count an activity as running as long as the context lasts.

        Args:
            instance_id: The instance that called it.
            task_id: The id of the event that scheduled it.
        """
        key = (instance_id, task_id)
        # The engine may dispatch it twice.
        self._running[key] = self._running.get(key, 0) + 1
        try:
            yield
        finally:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]

    def has(self, instance_id: str, task_id: int) -> bool:
        """Return whether an activity runs."""
        return (instance_id, task_id) in self._running
