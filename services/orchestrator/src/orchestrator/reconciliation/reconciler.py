"""Finds instances that were accepted and make no progress, and wakes them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from grpc.aio import AioRpcError

from orchestrator.dapr_sdk.torn import TornInstance
from orchestrator.reconciliation.progress import Late, LateKind, Outlook
from orchestrator.reconciliation.repairs import Repairs
from orchestrator.reconciliation.settings import ReconcilerSettings
from orchestrator.reconciliation.watched import Watched
from orchestrator.schemas.instances import InstanceFilter
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.toolkit.actor_reminders import LostReminder
from orchestrator.visibility.entry import Entry
from orchestrator.visibility.index import InstanceIndex
from servicekit.background import Supervisor

log = structlog.get_logger(__name__)

# What is paused is not woken: it goes on with the turn that resumes it.
MOVING = InstanceFilter(
    status=[RuntimeStatus.PENDING, RuntimeStatus.RUNNING, RuntimeStatus.STALLED]
)
CONCURRENCY = 4


class Outlooks(Protocol):
    """Reads what instances wait for."""

    async def read(self, entry: Entry, now: datetime) -> Outlook:
        """Return what an instance waits for."""


@dataclass(frozen=True)
class NoProgress:
    """The instances that make no progress.

    Args:
        by_kind: How many there are, by what they wait for.
        longest: The one that is late the longest, with what is late; None where there is none.
    """

    by_kind: Counter[str]
    longest: tuple[str, Late] | None

    def counts(self) -> dict[str, int]:
        """Return how many there are of each kind, of those without any, too."""
        return {kind: self.by_kind[kind] for kind in LateKind}


class Reconciler:
    """Looks for instances whose wake-up is late, and has the engine create it again.

    A wake-up that was not lost does no harm: it is replaced by its like. So the replicas need not
    agree who repairs.
    """

    def __init__(
        self,
        index: InstanceIndex,
        outlooks: Outlooks,
        repairs: Repairs,
        blocked: Callable[[], Awaitable[str | None]],
        settings: ReconcilerSettings,
        now: Callable[[], datetime],
    ) -> None:
        """Prepare to look.

        Args:
            index: The list of all instances.
            outlooks: Reads what instances wait for.
            repairs: Wakes them.
            blocked: Returns why nothing can make progress now, if so; then nothing is repaired.
            settings: When and how often.
            now: Returns the time in UTC.
        """
        self._index = index
        self._outlooks = outlooks
        self._repairs = repairs
        self._blocked = blocked
        self._settings = settings
        self._now = now
        self._after = timedelta(seconds=settings.reconcile_after_seconds)
        self._watched: dict[str, Watched] = {}
        self._clear_since: datetime | None = None

    @asynccontextmanager
    async def running(self, supervisor: Supervisor) -> AsyncIterator[None]:
        """Reconcile periodically as long as the context lasts.

        Args:
            supervisor: Restarts what fails.
        """
        async with supervisor.running("instance-reconciler", self._reconcile_periodically):
            yield

    def no_progress(self) -> NoProgress:
        """Return the instances that made no progress, as they were read last."""
        late = {name: one.outlook.late for name, one in self._watched.items() if one.outlook.late}
        by_kind = Counter[str](
            kind for found in late.values() for kind in {one.kind for one in found}
        )
        each = ((name, one) for name, found in late.items() for one in found)
        return NoProgress(by_kind, min(each, key=lambda item: item[1].since, default=None))

    def lost_reminder(self, instance_id: str) -> LostReminder | None:
        """Return the reminder of an instance's actor that was lost last, while this process ran."""
        watched = self._watched.get(instance_id)
        return watched.reminder if watched else None

    async def reconcile(self) -> None:
        """Look once, and wake what is late."""
        now = self._now()
        if reason := await self._blocked():
            # What is late then is not lost.
            log.debug("instances are not reconciled", reason=reason)
            self._clear_since = None
            return
        self._clear_since = self._clear_since or now
        await self._look(now)
        if now - self._clear_since >= self._after:
            await self._wake(now)

    async def _look(self, now: datetime) -> None:
        """Read what may be late, what the list says to be overdue first."""
        due: list[tuple[bool, datetime, Entry]] = []
        moving = set()
        async for part in self._index.scan(MOVING):
            for entry in part:
                moving.add(entry.instance_id)
                look_at = self._watch(entry).look_at
                if look_at is not None and look_at <= now and not entry.torn:
                    due.append((not entry.overdue(now), look_at, entry))
        for instance_id in self._watched.keys() - moving:
            del self._watched[instance_id]
        due.sort(key=lambda item: item[:2])
        slots = asyncio.Semaphore(CONCURRENCY)

        async def read(entry: Entry) -> None:
            async with slots:
                await self._read(entry, now)

        reads = due[: self._settings.reconcile_reads]
        await asyncio.gather(*(read(entry) for _, _, entry in reads))

    def _watch(self, entry: Entry) -> Watched:
        """Return what is remembered of an instance; what changes by itself is looked at later."""
        revision = entry.last_updated_at
        watched = self._watched.get(entry.instance_id)
        if watched is None:
            watched = self._watched[entry.instance_id] = Watched(revision, revision + self._after)
        elif watched.revision != revision:
            watched.changed(revision, revision + self._after)
        return watched

    async def _read(self, entry: Entry, now: datetime) -> None:
        watched = self._watched[entry.instance_id]
        kinds = {late.kind for late in watched.outlook.late}
        try:
            outlook = await self._outlooks.read(entry, now)
        except (AioRpcError, TimeoutError, TornInstance) as error:
            log.debug("instance not read", instance_id=entry.instance_id, error=str(error))
            watched.look_at = now + self._after
            return
        if watched.seen(outlook, now, self._after / 2):
            log.info("instance makes progress again", instance_id=entry.instance_id)
            self._repairs.count_progress(kinds)
        self._index.note_wake_up(entry.instance_id, outlook.wake_up_at)

    async def _wake(self, now: datetime) -> None:
        late = [
            (watched.outlook, name)
            for name, watched in self._watched.items()
            if watched.may_be_woken(now, self._settings.reconcile_tries)
            # Dapr takes no event for what is stalled.
            and any(one.kind is not LateKind.STALLED for one in watched.outlook.late)
        ]
        if not late:
            return
        late.sort(key=lambda item: (min(one.since for one in item[0].late), item[1]))
        chosen = {name: outlook for outlook, name in late[: self._settings.reconcile_repairs]}
        longest = timedelta(seconds=self._settings.reconcile_longest_pause_seconds)
        for name in await self._repairs.wake(chosen):
            self._watched[name].woken(now, self._after, longest)

    async def _reconcile_periodically(self) -> None:
        while True:
            await self.reconcile()
            await asyncio.sleep(self._settings.reconcile_seconds)
