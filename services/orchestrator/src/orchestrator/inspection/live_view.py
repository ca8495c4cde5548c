"""Live view of an instance: one poller for any number of subscribers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from contracts.problems import ProblemType
from orchestrator.schemas.detail import InstanceDetail
from orchestrator.schemas.workflows import TERMINAL, RuntimeStatus
from servicekit.problems import ProblemError

INTERVAL = 1.0

Revision = tuple[str, RuntimeStatus]
"""Differs whenever the instance has changed: when it was last updated, and its status."""


class Broadcast:
    """What the subscribers of one instance share."""

    def __init__(self) -> None:
        """Create it before the first read."""
        self.subscribers = 0
        self.sequence = 0
        self.latest: InstanceDetail | None = None
        self.ended = False
        self.changed = asyncio.Condition()
        self.poller: asyncio.Task[None] | None = None


class LiveView:
    """Polls each instance that has subscribers, once for all of them."""

    def __init__(
        self,
        revision: Callable[[str], Awaitable[Revision]],
        detail: Callable[[str], Awaitable[InstanceDetail]],
        stopping: Callable[[], bool],
        interval: float = INTERVAL,
    ) -> None:
        """Prepare to poll.

        Args:
            revision: Returns the revision of an instance; cheap.
            detail: Returns the detail of an instance; called when its revision has changed.
            stopping: Returns whether the service is draining, which ends all subscriptions.
            interval: Seconds between two polls of an instance.
        """
        self._revision = revision
        self._detail = detail
        self._stopping = stopping
        self._interval = interval
        self._broadcasts: dict[str, Broadcast] = {}

    async def subscribe(self, instance_id: str) -> AsyncIterator[InstanceDetail]:
        """Yield the detail of an instance now and after each change, until it has ended.

        A slow subscriber skips intermediate changes. The subscription also ends when the service
        stops, or the instance is purged.

        Raises:
            Exception: Polling failed other than by an unavailable engine.
        """
        broadcast = self._broadcasts.get(instance_id)
        if broadcast is None or broadcast.ended:
            broadcast = self._broadcasts[instance_id] = Broadcast()
            broadcast.poller = asyncio.create_task(self._poll(instance_id, broadcast))
        broadcast.subscribers += 1
        seen = 0
        try:
            while True:
                async with broadcast.changed:
                    while broadcast.sequence == seen and not broadcast.ended:
                        await broadcast.changed.wait()
                if broadcast.sequence > seen and broadcast.latest is not None:
                    seen = broadcast.sequence
                    yield broadcast.latest
                elif broadcast.ended:
                    # Raises what the poller failed with, if it failed.
                    await broadcast.poller if broadcast.poller else None
                    return
        finally:
            broadcast.subscribers -= 1
            if broadcast.subscribers == 0:
                await self._close(instance_id, broadcast)

    async def _close(self, instance_id: str, broadcast: Broadcast) -> None:
        if self._broadcasts.get(instance_id) is broadcast:
            del self._broadcasts[instance_id]
        if broadcast.poller is not None:
            broadcast.poller.cancel()
            await asyncio.wait([broadcast.poller])

    async def _poll(self, instance_id: str, broadcast: Broadcast) -> None:
        seen: Revision | None = None
        try:
            while not self._stopping():
                try:
                    revision = await self._revision(instance_id)
                    if revision != seen:
                        broadcast.latest, seen = await self._detail(instance_id), revision
                        broadcast.sequence += 1
                        async with broadcast.changed:
                            broadcast.changed.notify_all()
                        if broadcast.latest.status in TERMINAL:
                            return
                except ProblemError as problem:
                    if problem.type is ProblemType.NOT_FOUND:
                        return
                    # The engine is unavailable: poll again.
                await asyncio.sleep(self._interval)
        finally:
            broadcast.ended = True
            async with broadcast.changed:
                broadcast.changed.notify_all()
