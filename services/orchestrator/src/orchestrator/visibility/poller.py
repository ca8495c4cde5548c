"""Keeps the index true to what the engine has: looks at all ids, and reads what may have changed.

Dapr tells nobody when an instance changes, and lists ids alone. So all ids are listed from time to
time, what is new or has not ended is read, and what has ended is read once more never.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from grpc.aio import AioRpcError
from pydantic import BaseModel

from contracts.orchestrator import RuntimeStatus
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.metrics import ENDED, INSTANCE_SECONDS
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition
from orchestrator.visibility.due_queue import DueQueue
from orchestrator.visibility.entry import (
    Entry,
    entry_of,
    may_be_child,
    parent_of,
    pending_entry,
    started_entry,
)
from orchestrator.visibility.index import InstanceIndex

log = structlog.get_logger(__name__)

# One answer must stay far below gRPC's 4 MiB.
PAGE_SIZE = 5_000
# A look at all ids scans Redis' whole keyspace: it may take a twentieth of the time, no more.
LIST_SHARE = 20
LIST_TIMEOUT_SECONDS = 60.0
READ_TIMEOUT_SECONDS = 5.0
# What changed lately will change again soon; what has slept for long goes on sleeping. So an
# instance is read again after a tenth of the time for which it has not changed, and when a wait
# runs over.
AGE_SHARE = 10
SHORTEST_DELAY = 1.0
LONGEST_DELAY = 60.0
# After a read that failed.
RETRY_DELAY = 5.0
# A page shows nothing older than this of what can still change, if the sidecar answers in time.
MAX_PAGE_AGE = 0.5
PAGE_TIMEOUT_SECONDS = 0.25


class InstanceIds(Protocol):
    """What lists all instances: see DaprWorkflowClient."""

    def iter_workflow_instance_ids(self, *, page_size: int) -> AsyncIterator[str]:
        """Yield the ids of all instances of this app, children included.

        Args:
            page_size: How many to ask the engine for at a time.
        """


class Instances(Protocol):
    """What reads one instance: see Management."""

    async def get_workflow_state(self, instance_id: str, payloads: bool) -> InstanceState | None:
        """Return an instance; None if unknown."""

    async def get_workflow_history(self, instance_id: str) -> list[Any]:
        """Return the events of an instance."""


@dataclass(frozen=True)
class PollPace:
    """How much the poller asks of the sidecar.

    Args:
        list_seconds: At least so long between two looks at all ids.
        poll_seconds: Between two rounds of reads.
        reads_per_poll: How many instances one round reads at most.
        concurrency: How many reads are under way at once.
    """

    list_seconds: float
    poll_seconds: float
    reads_per_poll: int
    concurrency: int


class Poller:
    """Feeds an index."""

    def __init__(
        self,
        catalogue: Catalogue,
        ids: InstanceIds,
        instances: Instances,
        index: InstanceIndex,
        pace: PollPace,
    ) -> None:
        """ChangeFeed `index` with what `instances` says of each of `ids`, at that pace."""
        self._catalogue = catalogue
        self._ids = ids
        self._instances = instances
        self._index = index
        self._pace = pace
        self._due = DueQueue()
        self._semaphore = asyncio.Semaphore(pace.concurrency)
        self._read_at: dict[str, float] = {}
        self._started_since_listing: set[str] = set()
        self._failed = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look and read as long as the context lasts."""
        tasks = [
            asyncio.create_task(self._list_periodically()),
            asyncio.create_task(self._poll_periodically()),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def started(self, definition: Definition, request: BaseModel) -> None:
        """List an instance that was started just now; what the engine has of it comes soon."""
        entry = started_entry(definition, request, datetime.now(UTC))
        self._started_since_listing.add(entry.instance_id)
        self._index.put(entry)
        self.mark_dirty(entry.instance_id)

    def mark_dirty(self, instance_id: str) -> None:
        """Read an instance in the next round, for something was done to it."""
        self._read_at.pop(instance_id, None)
        self._due.schedule(instance_id, time.monotonic())

    async def refresh(self, instance_ids: Sequence[str]) -> None:
        """Read instances now, for something was done to them; what fails is read again later."""
        await asyncio.gather(*(self._read(instance_id) for instance_id in instance_ids))

    async def list_ids(self) -> None:
        """List all ids once: note what is new, and forget what is gone.

        Raises:
            AioRpcError, TimeoutError: The sidecar did not answer; nothing is forgotten then.
            NotImplementedError: The runtime or its state store cannot list instances.
        """
        self._started_since_listing.clear()
        seen: set[str] = set()
        async with asyncio.timeout(LIST_TIMEOUT_SECONDS):
            async for instance_id in self._ids.iter_workflow_instance_ids(page_size=PAGE_SIZE):
                seen.add(instance_id)
                self._note(instance_id)
        for instance_id in self._index.ids():
            if instance_id not in seen and instance_id not in self._started_since_listing:
                self._forget(instance_id)
        self._index.as_of = datetime.now(UTC)
        self._index.mark_complete()

    async def poll_due(self) -> None:
        """Read what is due, the longest due first."""
        due = self._due.pop_due(time.monotonic(), self._pace.reads_per_poll)
        self._failed = 0
        await asyncio.gather(*(self._read(instance_id) for instance_id in due))
        if self._failed:
            log.warning("instances could not be read", failed=self._failed, of=len(due))
        self._index.mark_complete()

    async def refresh_stale(self, instance_ids: Sequence[str]) -> None:
        """Read again what of these can still change, as far as that is done within a moment."""
        oldest = time.monotonic() - MAX_PAGE_AGE
        stale = [
            instance_id
            for instance_id in instance_ids
            if (entry := self._index.get(instance_id)) is not None
            and not entry.terminal
            and self._read_at.get(instance_id, 0.0) < oldest
        ]
        if not stale:
            return
        reads = [asyncio.create_task(self._read(instance_id)) for instance_id in stale]
        # What is late is shown as it was known, and takes its place when it comes.
        await asyncio.wait(reads, timeout=PAGE_TIMEOUT_SECONDS)

    async def _list_periodically(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self.list_ids()
            except (AioRpcError, TimeoutError, NotImplementedError) as error:
                log.warning(
                    "the ids of the instances could not be listed", error=_format_error(error)
                )
            took = time.monotonic() - began
            await asyncio.sleep(max(self._pace.list_seconds, LIST_SHARE * took))

    async def _poll_periodically(self) -> None:
        while True:
            await self.poll_due()
            await asyncio.sleep(self._pace.poll_seconds)

    def _note(self, instance_id: str) -> None:
        if self._index.add_pending(instance_id):
            self._due.schedule(instance_id, time.monotonic())

    async def _read(self, instance_id: str) -> None:
        began = time.monotonic()
        try:
            async with self._semaphore, asyncio.timeout(READ_TIMEOUT_SECONDS):
                entry = await self._entry(instance_id)
        except (AioRpcError, TimeoutError):
            self._retry(instance_id)
        except Exception:
            # One that cannot be understood must not keep all the others from being read.
            log.exception("an instance could not be understood", instance_id=instance_id)
            self._retry(instance_id)
        else:
            self._store(instance_id, entry, began)

    async def _entry(self, instance_id: str) -> Entry | None:
        state = await self._instances.get_workflow_state(instance_id, payloads=True)
        if state is None:
            return None
        known = self._index.get(instance_id)
        if not state.name:
            # It has not begun, or is between two generations: the engine has no more than its id.
            return known or pending_entry(self._catalogue, instance_id, datetime.now(UTC))
        if not may_be_child(self._catalogue, state):
            return entry_of(self._catalogue, state)
        if known is not None and known.status is not RuntimeStatus.PENDING:
            return entry_of(self._catalogue, state, known.parent)
        history = await self._instances.get_workflow_history(instance_id)
        return entry_of(self._catalogue, state, parent_of(history))

    def _store(self, instance_id: str, entry: Entry | None, began: float) -> None:
        if entry is None:
            self._forget(instance_id)
            return
        before = self._index.get(instance_id)
        self._index.put(entry)
        if entry.terminal:
            if before is not None and not before.terminal:
                _count_end(entry)
            self._due.remove(instance_id)
            self._read_at.pop(instance_id, None)
        else:
            self._read_at[instance_id] = began
            self._due.schedule(instance_id, time.monotonic() + poll_delay(entry, datetime.now(UTC)))

    def _retry(self, instance_id: str) -> None:
        self._failed += 1
        self._due.schedule(instance_id, time.monotonic() + RETRY_DELAY)

    def _forget(self, instance_id: str) -> None:
        self._index.drop(instance_id)
        self._due.remove(instance_id)
        self._read_at.pop(instance_id, None)


def _count_end(entry: Entry) -> None:
    """Count an instance that was seen to run, and has ended."""
    labels = {"workflow": entry.workflow, "status": entry.status}
    ENDED.add(1, {**labels, "step": entry.step or ""})
    if entry.completed_at is not None:
        seconds = (entry.completed_at - entry.created_at).total_seconds()
        INSTANCE_SECONDS.record(max(0.0, seconds), labels)


def poll_delay(entry: Entry, now: datetime) -> float:
    """Return after how many seconds an instance that has not ended is read again."""
    age = (now - entry.last_updated_at).total_seconds()
    ends = [(wait.until - now).total_seconds() for wait in entry.waits if wait.until]
    first_end = min((end for end in ends if end > 0), default=LONGEST_DELAY)
    return max(min(age / AGE_SHARE, first_end, LONGEST_DELAY), SHORTEST_DELAY)


def _format_error(error: Exception) -> str:
    if isinstance(error, AioRpcError):
        return str(error.code().name)
    return str(error) or type(error).__name__
