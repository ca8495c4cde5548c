"""How many event streams there may be at once: each keeps a connection, and nothing ends it."""

from collections.abc import Iterator
from contextlib import contextmanager

from contracts.problems import ProblemType
from servicekit.problems import ProblemError

RETRY_AFTER_SECONDS = 5


class StreamSlots:
    """Counts the streams of a service."""

    def __init__(self, most: int) -> None:
        """Allow so many streams at once."""
        self._most = most
        self.taken = 0

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Take a slot as long as the context lasts.

        Raises:
            ProblemError: All are taken (503).
        """
        if self.taken >= self._most:
            raise ProblemError(
                ProblemType.UNAVAILABLE,
                f"{self._most} streams are open, which is the most; try again later",
                retry_after=RETRY_AFTER_SECONDS,
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
