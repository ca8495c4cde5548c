"""Lets any number of people look on while an instance moves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from contracts.detail import InstanceDetail
from contracts.orchestrator import TERMINAL, RuntimeStatus
from contracts.problems import ProblemType
from servicekit.problems import ProblemError

INTERVAL = 1.0

Revision = tuple[str, RuntimeStatus]
"""What changes when an instance moves."""


class Broadcast:
    """What those who look on at one instance share."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.subscribers = 0
        self.number = 0
        self.latest: InstanceDetail | None = None
        self.over = False
        self.changed = asyncio.Condition()
        self.poller: asyncio.Task[None] | None = None


class LiveView:
    """One poller an instance, as long as somebody looks on."""

    def __init__(
        self,
        revision: Callable[[str], Awaitable[Revision]],
        detail: Callable[[str], Awaitable[InstanceDetail]],
        stopping: Callable[[], bool],
        interval: float = INTERVAL,
    ) -> None:
        """Prepare to poll.

        Args:
            revision: Returns what changes when an instance moves; cheap.
            detail: Returns what is seen of it then.
            stopping: Whether the service is to stop, so that all must go.
            interval: Seconds between two looks at an instance, however many look on.
        """
        self._revision = revision
        self._detail = detail
        self._stopping = stopping
        self._interval = interval
        self._broadcasts: dict[str, Broadcast] = {}

    async def subscribe(self, instance_id: str) -> AsyncIterator[InstanceDetail]:
        """Yield an instance now and each time it has moved, until it has ended.

        Who is slow misses what was between. It also ends where the service stops, or the
        instance was purged.
        """
        broadcast = self._broadcasts.get(instance_id)
        if broadcast is None or broadcast.over:
            broadcast = self._broadcasts[instance_id] = Broadcast()
            broadcast.poller = asyncio.create_task(self._poll(instance_id, broadcast))
        broadcast.subscribers += 1
        seen = 0
        try:
            while True:
                async with broadcast.changed:
                    while broadcast.number == seen and not broadcast.over:
                        await broadcast.changed.wait()
                if broadcast.number > seen and broadcast.latest is not None:
                    seen = broadcast.number
                    yield broadcast.latest
                elif broadcast.over:
                    # A bug in the poller is the subscribers' to tell.
                    await broadcast.poller if broadcast.poller else None
                    return
        finally:
            broadcast.subscribers -= 1
            if broadcast.subscribers == 0:
                await self._leave(instance_id, broadcast)

    async def _leave(self, instance_id: str, broadcast: Broadcast) -> None:
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
                        broadcast.number += 1
                        async with broadcast.changed:
                            broadcast.changed.notify_all()
                        if broadcast.latest.status in TERMINAL:
                            return
                except ProblemError as problem:
                    if problem.type is ProblemType.NOT_FOUND:
                        return
                    # The sidecar is away: it comes back.
                await asyncio.sleep(self._interval)
        finally:
            broadcast.over = True
            async with broadcast.changed:
                broadcast.changed.notify_all()
