"""Keeps the index up to date by polling the engine.

Dapr sends no notification when an instance changes, and lists ids only. So all ids are listed at an
interval; instances that are new or have not ended are read; those that have ended are read once.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog
from grpc.aio import AioRpcError
from pydantic import BaseModel

from orchestrator.dapr_sdk.torn import TornInstance
from orchestrator.metrics import LOST
from orchestrator.toolkit.definition import Definition
from orchestrator.visibility.due_queue import DueQueue, poll_delay
from orchestrator.visibility.entry import Entry, started_entry
from orchestrator.visibility.entry_reader import EntryReader
from orchestrator.visibility.index import InstanceIndex
from orchestrator.visibility.shared_reads import Lane, SharedReads
from servicekit.background import Supervisor

log = structlog.get_logger(__name__)

# One answer must stay far below gRPC's 4 MiB.
PAGE_SIZE = 5_000
# Listing scans Redis' whole keyspace: it may take a twentieth of the time, no more.
LIST_SHARE = 20
# After a read that failed.
RETRY_DELAY = 5.0
# A page shows what can still change as it was at most so long ago, if the sidecar answers in time.
MAX_PAGE_AGE = 0.5
PAGE_TIMEOUT_SECONDS = 0.25


class InstanceIds(Protocol):
    """The part of DaprWorkflowClient that lists all instances."""

    def iter_workflow_instance_ids(self, *, page_size: int) -> AsyncIterator[str]:
        """Yield the ids of all instances of this app, children included.

        Args:
            page_size: How many to request at a time.
        """


@dataclass(frozen=True)
class PollPace:
    """How much load the poller puts on the sidecar.

    Args:
        list_seconds: At least so long between two listings of all ids.
        poll_seconds: Between two batches of reads.
        reads_per_poll: How many instances one batch reads at most.
        concurrency: How many reads of the poll are in flight at most.
        page_concurrency: How many reads for pages are in flight at most.
        page_reads: How many reads for pages there are at most, those that wait included.
        list_timeout: Seconds that a listing may take.
        read_timeout: Seconds that a read may take, its wait for a turn included.
    """

    list_seconds: float
    poll_seconds: float
    reads_per_poll: int
    concurrency: int
    page_concurrency: int = 4
    page_reads: int = 400
    list_timeout: float = 60.0
    read_timeout: float = 5.0


class Poller:
    """Updates an index from the engine."""

    def __init__(
        self,
        ids: InstanceIds,
        reader: EntryReader,
        index: InstanceIndex,
        pace: PollPace,
        count_end: Callable[[Entry], None],
    ) -> None:
        """Prepare to poll.

        Args:
            ids: Lists all instances.
            reader: Reads one instance.
            index: Where what was read is put.
            pace: How often to list and to read.
            count_end: Called with each instance that was seen running and has ended.
        """
        self._ids = ids
        self._reader = reader
        self._index = index
        self._pace = pace
        self._count_end = count_end
        self._due = DueQueue()
        self._reads = SharedReads(
            self._read,
            self._retry,
            {Lane.POLL: pace.concurrency, Lane.PAGE: pace.page_concurrency},
            pace.page_reads,
            pace.read_timeout,
        )
        self._read_at: dict[str, float] = {}
        self._started_since_listing: set[str] = set()
        self._failed = 0

    @asynccontextmanager
    async def running(self, supervisor: Supervisor) -> AsyncIterator[None]:
        """List and poll periodically until the context exits.

        Args:
            supervisor: Restarts what fails.
        """
        async with (
            supervisor.running("index-listing", self._list_periodically),
            supervisor.running("index-polling", self._poll_periodically),
        ):
            yield

    def started(
        self, definition: Definition, request: BaseModel, instance_id: str | None = None
    ) -> None:
        """Show an instance that was started just now in the list, before it is read."""
        entry = started_entry(definition, request, datetime.now(UTC), instance_id)
        self._started_since_listing.add(entry.instance_id)
        self._index.put(entry)
        self.mark_dirty(entry.instance_id)

    def mark_dirty(self, instance_id: str) -> None:
        """Read an instance in the next batch, because an operation or event reached it."""
        self._read_at.pop(instance_id, None)
        self._due.schedule(instance_id, time.monotonic())

    async def refresh(self, instance_ids: Sequence[str]) -> None:
        """Read instances now; a read that fails is retried later."""
        await self._reads.run(instance_ids, Lane.PAGE)

    async def list_ids(self) -> None:
        """List all ids once: add the new ones to the index, and drop those that are gone.

        Raises:
            AioRpcError, TimeoutError: The sidecar did not answer; nothing is dropped then.
            NotImplementedError: The runtime or its state store cannot list instances.
        """
        self._started_since_listing.clear()
        listed: set[str] = set()
        async with asyncio.timeout(self._pace.list_timeout):
            async for instance_id in self._ids.iter_workflow_instance_ids(page_size=PAGE_SIZE):
                listed.add(instance_id)
                self._add_pending(instance_id)
        for instance_id in self._index.ids():
            if instance_id not in listed and instance_id not in self._started_since_listing:
                self._drop(instance_id)
        self._index.as_of = datetime.now(UTC)
        self._index.mark_complete()

    async def poll_due(self) -> None:
        """Read a batch of the instances that are due, longest overdue first."""
        due = self._due.pop_due(time.monotonic(), self._pace.reads_per_poll)
        self._failed = 0
        await self._reads.run(due, Lane.POLL)
        if self._failed:
            log.warning("reading instances failed", failed=self._failed, of=len(due))
        self._index.mark_complete()

    async def refresh_stale(self, instance_ids: Sequence[str]) -> bool:
        """Read those that can still change and were not read lately, within a short timeout.

        Returns:
            Whether there were any.
        """
        oldest = time.monotonic() - MAX_PAGE_AGE
        stale = [
            instance_id
            for instance_id in instance_ids
            if (entry := self._index.get(instance_id)) is not None
            and not entry.terminal
            and self._read_at.get(instance_id, 0.0) < oldest
        ]
        # A read that takes longer is left to the poll: those of many pages would pile up.
        await self._reads.run(stale, Lane.PAGE, limit=PAGE_TIMEOUT_SECONDS)
        return bool(stale)

    async def _list_periodically(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self.list_ids()
            except (AioRpcError, TimeoutError, NotImplementedError) as error:
                log.warning("listing instances failed", error=_format_error(error))
            took = time.monotonic() - began
            await asyncio.sleep(max(self._pace.list_seconds, LIST_SHARE * took))

    async def _poll_periodically(self) -> None:
        while True:
            await self.poll_due()
            await asyncio.sleep(self._pace.poll_seconds)

    def _add_pending(self, instance_id: str) -> None:
        if self._index.add_pending(instance_id):
            self._due.schedule(instance_id, time.monotonic())

    async def _read(self, instance_id: str) -> None:
        began = time.monotonic()
        try:
            self._store(instance_id, await self._reader.read(instance_id), began)
        except TornInstance:
            self._store(instance_id, self._reader.torn(instance_id), began)
        except (AioRpcError, TimeoutError):
            self._retry(instance_id)
        except Exception:
            # An instance that cannot be parsed must not keep the others from being read.
            log.exception("parsing an instance failed", instance_id=instance_id)
            self._retry(instance_id)

    def _store(self, instance_id: str, entry: Entry | None, began: float) -> None:
        if entry is None:
            self._drop(instance_id)
            return
        before = self._index.get(instance_id)
        self._index.put(entry)
        if entry.terminal:
            if before is not None and not before.terminal:
                self._count_end(entry)
            self._due.remove(instance_id)
            self._read_at.pop(instance_id, None)
        else:
            self._read_at[instance_id] = began
            delay = poll_delay(entry, datetime.now(UTC))
            self._due.schedule(instance_id, time.monotonic() + delay)

    def _retry(self, instance_id: str) -> None:
        self._failed += 1
        self._due.schedule(instance_id, time.monotonic() + RETRY_DELAY)

    def _drop(self, instance_id: str) -> None:
        before = self._index.get(instance_id)
        if before is not None and not before.terminal and not before.torn:
            # What is purged has ended, see `note_end`. This disappeared from the store.
            log.error("an instance that had not ended is gone", instance_id=instance_id)
            LOST.add(1, {"workflow": before.workflow})
        self._index.drop(instance_id)
        self._due.remove(instance_id)
        self._read_at.pop(instance_id, None)


def _format_error(error: Exception) -> str:
    if isinstance(error, AioRpcError):
        return str(error.code().name)
    return str(error) or type(error).__name__
