"""Lets any number of people look on while an instance moves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from contracts.detail import InstanceDetail
from contracts.orchestrator import TERMINAL, RuntimeStatus
from contracts.problems import ProblemType
from servicekit.problems import ProblemError

INTERVAL = 1.0

Mark = tuple[str, RuntimeStatus]
"""What changes when an instance moves."""


class View:
    """What those who look on at one instance share."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.onlookers = 0
        self.number = 0
        self.latest: InstanceDetail | None = None
        self.over = False
        self.changed = asyncio.Condition()
        self.poller: asyncio.Task[None] | None = None


class LookingOn:
    """One poller an instance, as long as somebody looks on."""

    def __init__(
        self,
        mark: Callable[[str], Awaitable[Mark]],
        detail: Callable[[str], Awaitable[InstanceDetail]],
        stopping: Callable[[], bool],
        interval: float = INTERVAL,
    ) -> None:
        """Prepare to poll.

        Args:
            mark: Returns what changes when an instance moves; cheap.
            detail: Returns what is told of it then.
            stopping: Whether the service is to stop, so that all must go.
            interval: Seconds between two looks at an instance, however many look on.
        """
        self._mark = mark
        self._detail = detail
        self._stopping = stopping
        self._interval = interval
        self._views: dict[str, View] = {}

    async def follow(self, instance_id: str) -> AsyncIterator[InstanceDetail]:
        """Yield an instance now and each time it has moved, until it has ended.

        Who is slow misses what was between. It also ends where the service stops, or the
        instance was purged.
        """
        view = self._views.get(instance_id)
        if view is None or view.over:
            view = self._views[instance_id] = View()
            view.poller = asyncio.create_task(self._poll(instance_id, view))
        view.onlookers += 1
        seen = 0
        try:
            while True:
                async with view.changed:
                    while view.number == seen and not view.over:
                        await view.changed.wait()
                if view.number > seen and view.latest is not None:
                    seen = view.number
                    yield view.latest
                elif view.over:
                    # A bug in the poller is the onlookers' to tell.
                    await view.poller if view.poller else None
                    return
        finally:
            view.onlookers -= 1
            if view.onlookers == 0:
                await self._leave(instance_id, view)

    async def _leave(self, instance_id: str, view: View) -> None:
        if self._views.get(instance_id) is view:
            del self._views[instance_id]
        if view.poller is not None:
            view.poller.cancel()
            await asyncio.wait([view.poller])

    async def _poll(self, instance_id: str, view: View) -> None:
        told: Mark | None = None
        try:
            while not self._stopping():
                try:
                    mark = await self._mark(instance_id)
                    if mark != told:
                        view.latest, told = await self._detail(instance_id), mark
                        view.number += 1
                        async with view.changed:
                            view.changed.notify_all()
                        if view.latest.status in TERMINAL:
                            return
                except ProblemError as problem:
                    if problem.type is ProblemType.NOT_FOUND:
                        return
                    # The sidecar is away: it comes back.
                await asyncio.sleep(self._interval)
        finally:
            view.over = True
            async with view.changed:
                view.changed.notify_all()
