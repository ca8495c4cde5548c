"""Tells those who watch what changed: one bounded list of changes for all of them."""

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass

from orchestrator.visibility.entry import Entry

# A watcher that is further behind than this reads the list again: cheaper than what it missed.
MAX_CHANGES = 2_000


@dataclass(frozen=True, slots=True)
class Change:
    """An instance that appeared, changed, or is gone, where `entry` is None."""

    instance_id: str
    entry: Entry | None


class ChangeFeed:
    """The latest changes, numbered; a watcher remembers the number that it has come to.

    So a slow watcher costs nothing here: it only falls behind, and is told to read the list again.
    """

    def __init__(self, kept: int = MAX_CHANGES) -> None:
        """Keep the latest `kept` changes."""
        # The numbers start again with each process: a position of another one means nothing.
        self._epoch = uuid.uuid4().hex[:8]
        self._changes: deque[Change] = deque(maxlen=kept)
        self._changed = asyncio.Event()
        self.position = 0
        self.closed = False

    def publish(self, change: Change) -> None:
        """Add a change."""
        self._changes.append(change)
        self.position += 1
        self.notify_all()

    def invalidate(self) -> None:
        """Have every watcher read the list again: too much changed to tell it one by one."""
        self._changes.clear()
        self.position += 1
        self.notify_all()

    def notify_all(self) -> None:
        """Let all who wait look around."""
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self) -> None:
        """End what is being watched, for the process ends."""
        self.closed = True
        self.notify_all()

    def since(self, position: int) -> list[Change] | None:
        """Return the changes after a position, the oldest first; None where some are lost."""
        behind = self.position - position
        if not 0 <= behind <= len(self._changes):
            return None
        return list(self._changes)[len(self._changes) - behind :]

    def id_of(self, position: int) -> str:
        """Return a position as a client keeps it."""
        return f"{self._epoch}-{position}"

    def resume(self, event_id: str) -> int | None:
        """Return the position that a client kept; None where it is not of this process."""
        epoch, _, number = event_id.partition("-")
        if epoch != self._epoch or not (number.isascii() and number.isdigit()):
            return None
        return int(number[:20])

    async def wait_for_change(self, timeout: float) -> None:  # noqa: ASYNC109 - its end is no error
        """Return when something changed, or after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        except TimeoutError:
            return
