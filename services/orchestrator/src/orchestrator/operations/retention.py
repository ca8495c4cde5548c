"""Removes what has ended and was kept for its time: a child with its parent.

Dapr's own retention would cost a job of the scheduler for each instance that ends, would remove a
child while its parent runs, and is lost with the scheduler's data. Dapr 1.18.2 also crashes a
sidecar whose actors move while it arms that job.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from dapr.ext.workflow.aio import DaprWorkflowClient
from grpc.aio import AioRpcError

from orchestrator.dapr_sdk.errors import retry_torn_read
from orchestrator.dapr_sdk.management import Management
from orchestrator.metrics import REMOVED
from orchestrator.schemas.instances import InstanceFilter
from orchestrator.schemas.workflows import TERMINAL, RuntimeStatus
from orchestrator.visibility.entry import Entry
from orchestrator.visibility.index import InstanceIndex

log = structlog.get_logger(__name__)

# An engine that fails so often in a row is asked again by the next sweep.
MAX_FAILURES = 5


@dataclass(frozen=True)
class RetentionTimes:
    """How long an instance is kept after its end.

    Args:
        completed: Where it completed.
        others: Where it failed or was terminated.
        between_sweeps: From the end of a sweep to the next one.
    """

    completed: timedelta
    others: timedelta
    between_sweeps: timedelta

    def due(self, entry: Entry) -> datetime:
        """Return when an instance that has ended has been kept for its time."""
        completed = entry.status is RuntimeStatus.COMPLETED
        return (entry.completed_at or entry.last_updated_at) + (
            self.completed if completed else self.others
        )


class Retention:
    """Sweeps through the list of instances; what is torn is left to an operator."""

    def __init__(
        self,
        index: InstanceIndex,
        management: Management,
        client: DaprWorkflowClient,
        refresh: Callable[[Sequence[str]], Awaitable[None]],
        times: RetentionTimes,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare to sweep.

        Args:
            index: Lists the instances.
            management: Reads one.
            client: Purges one.
            refresh: Brings the list up to date with some.
            times: How long instances are kept.
            now: Returns the time in UTC.
        """
        self._index = index
        self._management = management
        self._client = client
        self._refresh = refresh
        self._times = times
        self._now = now

    async def run(self) -> None:
        """Sweep periodically, without end."""
        while True:
            await self.sweep()
            await asyncio.sleep(self._times.between_sweeps.total_seconds())

    async def sweep(self) -> int:
        """Remove every instance whose time has passed, one after the other.

        Nothing is removed while the list is incomplete: a parent that was not read yet would be
        taken for one that is gone.

        Returns:
            How many were removed.
        """
        if not self._index.state().complete:
            return 0
        removed = failures = 0
        for entry in await self._due():
            began = time.monotonic()
            try:
                removed += await self._remove(entry)
                failures = 0
            except AioRpcError as error:
                failures += 1
                log.warning(
                    "removing an ended instance failed",
                    instance=entry.instance_id,
                    error=error.code().name,
                )
                if failures == MAX_FAILURES:
                    break
            # Half of the time of one connection is left to others, the more so where it is slow.
            await asyncio.sleep(time.monotonic() - began)
        return removed

    async def _due(self) -> list[Entry]:
        """Return what is to be removed, children before their parents."""
        now, found = self._now(), list[Entry]()
        async for part in self._index.scan(InstanceFilter(status=list(TERMINAL))):
            found += [entry for entry in part if self._is_due(entry, now)]
        # A child is younger than its parent. After a crash in between, the rest is found again.
        return sorted(found, key=lambda entry: entry.created_at, reverse=True)

    def _is_due(self, entry: Entry, now: datetime) -> bool:
        if not entry.terminal or entry.torn:
            return False
        parent = self._index.get(entry.parent) if entry.parent else None
        # The parent says when, unless it is gone or has begun anew since.
        if parent is None or parent.created_at > entry.created_at:
            return self._times.due(entry) <= now
        return self._is_due(parent, now)

    async def _remove(self, entry: Entry) -> bool:
        """Remove an instance; one that was removed or started anew since is only listed again."""
        name = entry.instance_id
        state = await self._management.get_workflow_state(name, payloads=False)
        unchanged = state is not None and state.last_updated_at == entry.last_updated_at
        if unchanged:
            # Its id stays used: only an operator's purge frees one.
            await retry_torn_read(partial(self._client.purge_workflow, name, recursive=False))
            REMOVED.add(1, {"workflow": entry.workflow, "status": entry.status.value})
        await self._refresh([name])
        return unchanged
