"""An engine with instances that the index polls."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc
from grpc.aio import AioRpcError, Metadata

from orchestrator.dapr_sdk.private import protos
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.schemas.instances import InstanceQuery
from orchestrator.visibility.change_feed import ChangeFeed
from orchestrator.visibility.ended import EndedInstances
from orchestrator.visibility.entry import Entry
from orchestrator.visibility.entry_reader import EntryReader
from orchestrator.visibility.index import InstanceIndex
from orchestrator.visibility.poller import PAGE_SIZE, Poller, PollPace
from orchestrator.workflows.task.workflow import DEFINITION
from unit_support.catalogue import CATALOGUE
from unit_support.coroutines import result_of
from unit_support.engine import instance_state

PACE = PollPace(list_seconds=0.01, poll_seconds=0.005, reads_per_poll=100, concurrency=4)
DOWN = AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "refused")
COUNT_END = EndedInstances(CATALOGUE).count
TORN = AioRpcError(
    grpc.StatusCode.UNKNOWN, Metadata(), Metadata(), "inbox key x declared in metadata but missing"
)
START = datetime(2026, 1, 1, tzinfo=UTC)


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class FakeEngine:
    """Has instances, by id and status, and injects failures."""

    statuses: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    page_size: int = 2
    down: bool = False
    cannot_list: bool = False
    failing: dict[str, Exception] = field(default_factory=dict)
    reads: Counter[str] = field(default_factory=Counter)
    listings: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    after_first_page: Callable[[], None] = lambda: None
    updated: datetime = START
    workflow: str = DEFINITION.workflow_name
    histories: int = 0
    answers: asyncio.Event = field(default_factory=_set_event)
    """Cleared, no read is answered."""

    async def iter_workflow_instance_ids(self, *, page_size: int) -> AsyncIterator[str]:
        assert page_size == PAGE_SIZE
        self.listings += 1
        ids = sorted(self.statuses)
        for first in range(0, max(len(ids), 1), self.page_size):
            await asyncio.sleep(0)
            if self.cannot_list:
                raise NotImplementedError("its store does not support listing keys")
            if self.down:
                raise DOWN
            for instance_id in ids[first : first + self.page_size]:
                yield instance_id
            if first == 0:
                self.after_first_page()

    async def get_workflow_state(self, instance_id: str, payloads: bool) -> InstanceState | None:
        assert payloads
        self.reads[instance_id] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(0.001)
            await self.answers.wait()
        finally:
            self.in_flight -= 1
        if self.down:
            raise DOWN
        if error := self.failing.get(instance_id):
            raise error
        if instance_id not in self.statuses:
            return None
        return instance_state(
            instance_id=instance_id,
            name=self.workflow,
            status=self.statuses[instance_id],
            lastUpdatedTimestamp=self.updated.isoformat(),
            output=self.outputs.get(instance_id),
        )

    async def get_workflow_history(self, instance_id: str) -> list[Any]:
        self.histories += 1
        started = protos.ExecutionStartedEvent(name=self.workflow)
        started.parentInstance.workflowInstance.instanceId = f"parent-of-{instance_id}"
        return [protos.HistoryEvent(executionStarted=started)]


def polled(
    engine: FakeEngine,
    pace: PollPace = PACE,
    count_end: Callable[[Entry], None] = COUNT_END,
) -> tuple[InstanceIndex, Poller]:
    index = InstanceIndex(ChangeFeed())
    reader = EntryReader(CATALOGUE, engine, index.get)
    return index, Poller(engine, reader, index, pace, count_end)


def shown(index: InstanceIndex) -> dict[str, str]:
    page = result_of(index.page(InstanceQuery(limit=200)))
    return {item.instance_id: item.status for item in page.items}
