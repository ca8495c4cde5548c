"""The index follows the engine, whatever fails on the way."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from unit_support.catalogue import CATALOGUE

from contracts.instances import InstanceFilter, InstanceQuery
from contracts.orchestrator import RuntimeStatus
from orchestrator.dapr_sdk.private import protos
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.visibility.change_feed import ChangeFeed
from orchestrator.visibility.entry import KnownWait, entry_of
from orchestrator.visibility.index import InstanceIndex
from orchestrator.visibility.poller import (
    LONGEST_DELAY,
    PAGE_SIZE,
    SHORTEST_DELAY,
    Poller,
    PollPace,
    poll_delay,
)
from orchestrator.workflows.task.models import TaskRequest
from orchestrator.workflows.task.workflow import DEFINITION

PACE = PollPace(list_seconds=0.01, poll_seconds=0.005, reads_per_poll=100, concurrency=4)
DOWN = AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "refused")
TORN = AioRpcError(
    grpc.StatusCode.UNKNOWN, Metadata(), Metadata(), "inbox key x declared in metadata but missing"
)
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class FakeEngine:
    """Has instances, by their status, and fails on demand."""

    statuses: dict[str, str] = field(default_factory=dict)
    page_size: int = 2
    down: bool = False
    cannot_list: bool = False
    failing: dict[str, Exception] = field(default_factory=dict)
    reads: Counter[str] = field(default_factory=Counter)
    looks: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    after_first_page: Callable[[], None] = lambda: None
    updated: datetime = START
    workflow: str = DEFINITION.workflow_name
    histories: int = 0

    async def iter_workflow_instance_ids(self, *, page_size: int) -> AsyncIterator[str]:
        assert page_size == PAGE_SIZE
        self.looks += 1
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
        await asyncio.sleep(0.001)
        self.in_flight -= 1
        if self.down:
            raise DOWN
        if error := self.failing.get(instance_id):
            raise error
        if instance_id not in self.statuses:
            return None
        state = protos.WorkflowState(
            instanceId=instance_id,
            name=self.workflow,
            workflowStatus=protos.OrchestrationStatus.Value(
                f"ORCHESTRATION_STATUS_{self.statuses[instance_id]}"
            ),
        )
        state.createdTimestamp.FromDatetime(START)
        state.lastUpdatedTimestamp.FromDatetime(self.updated)
        return InstanceState.from_proto(state)

    async def get_workflow_history(self, instance_id: str) -> list[Any]:
        self.histories += 1
        started = protos.ExecutionStartedEvent(name=self.workflow)
        started.parentInstance.workflowInstance.instanceId = f"parent-of-{instance_id}"
        return [protos.HistoryEvent(executionStarted=started)]


def followed(engine: FakeEngine, pace: PollPace = PACE) -> tuple[InstanceIndex, Poller]:
    index = InstanceIndex(ChangeFeed())
    return index, Poller(CATALOGUE, engine, engine, index, pace)


def shown(index: InstanceIndex) -> dict[str, str]:
    return {item.instance_id: item.status for item in index.page(InstanceQuery(limit=200)).items}


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


async def test_it_is_rebuilt_and_says_how_far_it_is() -> None:
    engine = FakeEngine({f"task-{n}": "COMPLETED" for n in range(5)})
    index, poller = followed(engine, replace(PACE, reads_per_poll=3))
    assert (index.state().complete, index.state().as_of) == (False, None)
    await poller.list_ids()
    state = index.state()
    assert (state.known, state.pending, state.complete) == (0, 5, False)
    await poller.poll_due()
    state = index.state()
    assert (state.known, state.pending, state.complete) == (3, 2, False)
    await poller.poll_due()
    state = index.state()
    assert (state.known, state.pending, state.complete) == (5, 0, True)


async def test_what_has_ended_is_read_once_and_never_again() -> None:
    engine = FakeEngine({"ended": "COMPLETED", "runs": "RUNNING"}, updated=datetime.now(UTC))
    index, poller = followed(engine)
    async with poller.running():
        await until(lambda: engine.reads["runs"] >= 3)
        engine.statuses["runs"] = "FAILED"
        await until(lambda: shown(index).get("runs") == "FAILED")
        read = engine.reads["runs"]
        looked = index.as_of
        await until(lambda: index.as_of != looked)
    assert engine.reads == {"ended": 1, "runs": read}


async def test_what_is_purged_disappears_at_the_next_look() -> None:
    engine = FakeEngine({"a": "COMPLETED", "b": "RUNNING", "c": "FAILED"})
    index, poller = followed(engine)
    await poller.list_ids()
    await poller.poll_due()
    engine.statuses = {"c": "FAILED"}
    await poller.list_ids()
    assert shown(index) == {"c": "FAILED"}
    assert index.counts(InstanceFilter()).total == 1


async def test_what_is_gone_when_it_is_read_disappears_at_once() -> None:
    engine = FakeEngine({"a": "RUNNING"})
    index, poller = followed(engine)
    await poller.list_ids()
    await poller.poll_due()
    engine.statuses = {}
    poller.mark_dirty("a")
    await poller.poll_due()
    assert shown(index) == {}


async def test_nothing_disappears_while_the_ids_cannot_be_listed() -> None:
    engine = FakeEngine({"a": "COMPLETED", "b": "COMPLETED", "c": "COMPLETED"})
    index, poller = followed(engine)
    await poller.list_ids()
    await poller.poll_due()

    def break_down() -> None:
        engine.down = True

    engine.after_first_page = break_down
    with pytest.raises(AioRpcError):
        await poller.list_ids()
    assert set(shown(index)) == {"a", "b", "c"}


@pytest.mark.parametrize("fault", ["down", "cannot_list"])
async def test_it_goes_on_when_the_ids_can_be_listed_again(fault: str) -> None:
    engine = FakeEngine({"a": "COMPLETED"})
    setattr(engine, fault, True)
    index, poller = followed(engine)
    async with poller.running():
        await until(lambda: engine.looks >= 3)
        assert index.as_of is None
        setattr(engine, fault, False)
        await until(lambda: index.state().complete)
    assert shown(index) == {"a": "COMPLETED"}


@pytest.mark.parametrize("error", [DOWN, TORN, ValueError("what is this?"), TimeoutError()])
async def test_one_that_cannot_be_read_keeps_no_other_back(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.visibility.poller.RETRY_DELAY", 0.05)
    engine = FakeEngine({"bad": "COMPLETED", "good": "COMPLETED"}, failing={"bad": error})
    index, poller = followed(engine)
    async with poller.running():
        await until(lambda: "good" in shown(index) and engine.reads["bad"] > 1)
        state = index.state()
        assert (state.pending, state.complete) == (1, False)
        engine.failing.clear()
        await until(lambda: index.state().complete)
    assert set(shown(index)) == {"bad", "good"}


async def test_what_was_started_here_is_listed_at_once_and_survives_a_look_that_missed_it() -> None:
    engine = FakeEngine({"a": "COMPLETED", "b": "COMPLETED", "c": "COMPLETED"})
    index, poller = followed(engine)
    request = TaskRequest(task_id="1", title="Blue chair")
    engine.after_first_page = lambda: poller.started(DEFINITION, request)
    await poller.list_ids()
    [item] = index.page(InstanceQuery(q="blue")).items
    assert (item.instance_id, item.workflow, item.status) == ("task-1", "task", "RUNNING")

    engine.statuses["task-1"] = "COMPLETED"
    await poller.poll_due()
    assert shown(index)["task-1"] == "COMPLETED"


async def test_a_page_is_exact_though_its_instances_are_not_due() -> None:
    engine = FakeEngine({"runs": "RUNNING", "ended": "COMPLETED"})
    index, poller = followed(engine)
    await poller.list_ids()
    await poller.poll_due()
    engine.statuses["runs"] = "SUSPENDED"
    poller.mark_dirty("runs")
    await poller.refresh_stale(["runs", "ended", "never heard of"])
    assert shown(index)["runs"] == "SUSPENDED"
    assert engine.reads == {"runs": 2, "ended": 1}
    await poller.refresh_stale(["runs"])
    assert engine.reads["runs"] == 2, "it was read a moment ago"


async def test_the_parent_of_a_child_is_looked_up_once() -> None:
    engine = FakeEngine({"child": "RUNNING"}, workflow="hello_child_workflow")
    index, poller = followed(engine)
    await poller.list_ids()
    for status in ("RUNNING", "COMPLETED"):
        engine.statuses["child"] = status
        poller.mark_dirty("child")
        await poller.poll_due()
        [item] = index.page(InstanceQuery(parent="parent-of-child")).items
        assert item.status == status
    assert engine.histories == 1


async def test_no_more_is_read_at_once_than_was_agreed() -> None:
    engine = FakeEngine({f"{n}": "RUNNING" for n in range(50)}, page_size=20)
    _, poller = followed(engine)
    await poller.list_ids()
    await poller.poll_due()
    assert engine.most_in_flight == PACE.concurrency


async def test_ten_thousand_do_not_hold_up_the_event_loop() -> None:
    """A look and rounds of reads leave no gap in which a request would wait for long."""
    engine = FakeEngine({f"task-{n}": "COMPLETED" for n in range(10_000)}, page_size=5_000)
    index, poller = followed(engine)
    gaps: list[float] = []

    async def tick() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            gaps.append(now - last)
            last = now

    ticking = asyncio.create_task(tick())
    await poller.list_ids()
    for _ in range(3):
        await poller.poll_due()
    ticking.cancel()
    assert len(shown(index)) == 200
    # The time that this thread computed for, which other processes do not lengthen.
    assert max(gaps) < 0.05


@pytest.mark.parametrize(
    ("age", "wait", "pause"),
    [(0, None, 1), (30, None, 3), (86_400, None, LONGEST_DELAY), (86_400, 7, 7), (86_400, -7, 60)],
)
async def test_what_sleeps_is_read_less_often(age: int, wait: int | None, pause: float) -> None:
    now = START + timedelta(seconds=age)
    state = await FakeEngine({"a": "RUNNING"}).get_workflow_state("a", payloads=True)
    assert state is not None
    sleeping = entry_of(CATALOGUE, state)
    if wait is not None:
        until_ = now + timedelta(seconds=wait)
        sleeping = replace(sleeping, waits=(KnownWait("w", "approval", START, until_, None),))
    assert sleeping.status is RuntimeStatus.RUNNING
    assert poll_delay(sleeping, now) == pause


async def test_what_has_not_begun_keeps_its_name_and_is_read_again_soon() -> None:
    engine = FakeEngine(
        {"task-1": "PENDING", "task-2": "PENDING", "else-3": "PENDING"}, workflow=""
    )
    index, poller = followed(engine)
    request = TaskRequest(task_id="2", title="T", assignee="ada")
    poller.started(DEFINITION, request)
    await poller.list_ids()
    await poller.poll_due()
    assert shown(index) == {"task-1": "PENDING", "task-2": "RUNNING", "else-3": "PENDING"}
    assert {entry.workflow for i in ("task-1", "task-2") if (entry := index.get(i))} == {"task"}
    for instance_id in index.ids():
        entry = index.get(instance_id)
        assert entry is not None
        assert poll_delay(entry, datetime.now(UTC)) == SHORTEST_DELAY


async def test_a_child_that_had_not_begun_gets_its_parent() -> None:
    engine = FakeEngine({"child": "PENDING"}, workflow="")
    index, poller = followed(engine)
    await poller.list_ids()
    await poller.refresh(["child"])
    engine.workflow, engine.statuses["child"] = "hello_child_workflow", "RUNNING"
    await poller.refresh(["child"])
    child = index.get("child")
    assert child is not None
    assert (child.parent, child.workflow) == ("parent-of-child", "hello_child_workflow")
