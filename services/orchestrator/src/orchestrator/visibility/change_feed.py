"""The changes of the instance index, for its subscribers: one bounded buffer for all of them."""

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.schemas.instances import InstanceGone
from orchestrator.visibility.entry import Entry

# A subscriber that is further behind than this reads the list again, which costs less than the
# changes that it missed.
MAX_CHANGES = 2_000


@dataclass(frozen=True, slots=True)
class Change:
    """An instance that appeared, changed, or was purged, where `entry` is None."""

    instance_id: str
    entry: Entry | None
    _encoded: dict[bool, str] = field(default_factory=dict, compare=False, repr=False)

    def encoded(self, now: datetime) -> str:
        """Return it as JSON, which is made once for all subscribers.

        Args:
            now: A wait with a deadline before this is overdue: all that depends on the time.
        """
        if self.entry is None:
            return InstanceGone(instance_id=self.instance_id).model_dump_json()
        overdue = self.entry.overdue(now)
        if overdue not in self._encoded:
            self._encoded[overdue] = self.entry.summary(now).model_dump_json()
        return self._encoded[overdue]


class ChangeFeed:
    """The latest changes, numbered; each subscriber remembers the position that it has reached.

    A slow subscriber costs nothing here: it falls behind, until it must read the list again.
    """

    def __init__(self, max_changes: int = MAX_CHANGES) -> None:
        """Keep the latest `max_changes` changes."""
        # Positions start again with each process: one of another process means nothing here.
        self._epoch = uuid.uuid4().hex[:8]
        self._changes: deque[Change] = deque(maxlen=max_changes)
        self._changed = asyncio.Event()
        self.position = 0
        self.closed = False

    def publish(self, change: Change) -> None:
        """Append a change, and wake up all subscribers."""
        self._changes.append(change)
        self.position += 1
        self.notify_all()

    def invalidate(self) -> None:
        """Discard all changes, so that every subscriber reads the list again."""
        self._changes.clear()
        self.position += 1
        self.notify_all()

    def notify_all(self) -> None:
        """Wake up all subscribers, whether or not there is a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self) -> None:
        """End all subscriptions, because the process stops."""
        self.closed = True
        self.notify_all()

    def since(self, position: int) -> list[Change] | None:
        """Return the changes after a position, oldest first; None if some were discarded."""
        behind = self.position - position
        if not 0 <= behind <= len(self._changes):
            return None
        return list(self._changes)[len(self._changes) - behind :]

    def event_id(self, position: int) -> str:
        """Return the SSE event id of a position."""
        return f"{self._epoch}-{position}"

    def resume(self, event_id: str) -> int | None:
        """Return the position of an event id; None if it is not one of this process."""
        epoch, _, number = event_id.partition("-")
        if epoch != self._epoch or not (number.isascii() and number.isdigit()):
            return None
        return int(number[:20])

    async def wait_for_change(self, timeout: float) -> None:  # noqa: ASYNC109 - its end is no error
        """Return at the next notification, or after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        except TimeoutError:
            return
