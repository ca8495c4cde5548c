"""The index follows the engine, also when calls to it fail."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from grpc.aio import AioRpcError
from unit_support.fake_instances import DOWN, PACE, TORN, FakeEngine, polled, shown

from orchestrator.schemas.instances import InstanceQuery
from orchestrator.visibility.entry import Entry
from orchestrator.workflows.task.models import TaskRequest
from orchestrator.workflows.task.workflow import DEFINITION
from servicekit.background import Supervisor
from servicekit.readiness import Readiness


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


async def test_after_a_start_the_index_reports_how_complete_it_is() -> None:
    engine = FakeEngine({f"task-{n}": "COMPLETED" for n in range(5)})
    index, poller = polled(engine, replace(PACE, reads_per_poll=3))
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


async def test_an_ended_instance_is_read_once_and_never_again() -> None:
    engine = FakeEngine({"ended": "COMPLETED", "runs": "RUNNING"}, updated=datetime.now(UTC))
    index, poller = polled(engine)
    async with poller.running(Supervisor(Readiness())):
        await until(lambda: engine.reads["runs"] >= 3)
        engine.statuses["runs"] = "FAILED"
        await until(lambda: shown(index).get("runs") == "FAILED")
        read = engine.reads["runs"]
        listed = index.as_of
        await until(lambda: index.as_of != listed)
    assert engine.reads == {"ended": 1, "runs": read}


async def test_outcomes_are_known_again_after_a_restart() -> None:
    engine = FakeEngine(
        {"task-1": "COMPLETED", "task-2": "COMPLETED", "task-3": "RUNNING", "task-4": "FAILED"},
        outputs={"task-1": '{"status": "failed"}', "task-2": '{"status": "completed"}'},
    )
    index, poller = polled(engine)
    await poller.list_ids()
    await poller.poll_due()
    assert index.all_counts().by_outcome == {"failed": 1, "completed": 1}
    [item] = (await index.page(InstanceQuery(outcome=["failed"]))).items
    assert (item.instance_id, item.status, item.outcome) == ("task-1", "COMPLETED", "failed")


async def test_the_end_of_what_was_seen_running_is_counted_with_its_outcome() -> None:
    engine = FakeEngine({"task-1": "RUNNING", "task-2": "COMPLETED"})
    ended: list[tuple[str, str | None]] = []
    index, poller = polled(engine, count_end=lambda e: ended.append((e.instance_id, e.outcome)))
    await poller.list_ids()
    await poller.poll_due()
    engine.statuses["task-1"] = "COMPLETED"
    engine.outputs["task-1"] = '{"status": "failed"}'
    poller.mark_dirty("task-1")
    await poller.poll_due()
    assert index.state().known == 2
    assert ended == [("task-1", "failed")]


async def test_a_purged_instance_is_dropped_at_the_next_listing() -> None:
    engine = FakeEngine({"a": "COMPLETED", "b": "RUNNING", "c": "FAILED"})
    index, poller = polled(engine)
    await poller.list_ids()
    await poller.poll_due()
    engine.statuses = {"c": "FAILED"}
    await poller.list_ids()
    assert shown(index) == {"c": "FAILED"}
    assert index.all_counts().total == 1


async def test_an_instance_that_a_read_does_not_find_is_dropped_at_once() -> None:
    engine = FakeEngine({"a": "RUNNING"})
    index, poller = polled(engine)
    await poller.list_ids()
    await poller.poll_due()
    engine.statuses = {}
    poller.mark_dirty("a")
    await poller.poll_due()
    assert shown(index) == {}


async def test_a_listing_that_fails_drops_no_instance() -> None:
    engine = FakeEngine({"a": "COMPLETED", "b": "COMPLETED", "c": "COMPLETED"})
    index, poller = polled(engine)
    await poller.list_ids()
    await poller.poll_due()

    def break_down() -> None:
        engine.down = True

    engine.after_first_page = break_down
    with pytest.raises(AioRpcError):
        await poller.list_ids()
    assert set(shown(index)) == {"a", "b", "c"}


@pytest.mark.parametrize("fault", ["down", "cannot_list"])
async def test_listing_is_retried_until_it_succeeds(fault: str) -> None:
    engine = FakeEngine({"a": "COMPLETED"})
    setattr(engine, fault, True)
    index, poller = polled(engine)
    async with poller.running(Supervisor(Readiness())):
        await until(lambda: engine.listings >= 3)
        assert index.as_of is None
        setattr(engine, fault, False)
        await until(lambda: index.state().complete)
    assert shown(index) == {"a": "COMPLETED"}


@pytest.mark.parametrize("error", [DOWN, TORN, ValueError("what is this?"), TimeoutError()])
async def test_an_instance_that_cannot_be_read_does_not_block_the_others(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.visibility.poller.RETRY_DELAY", 0.05)
    engine = FakeEngine({"bad": "COMPLETED", "good": "COMPLETED"}, failing={"bad": error})
    index, poller = polled(engine)
    async with poller.running(Supervisor(Readiness())):
        await until(lambda: "good" in shown(index) and engine.reads["bad"] > 1)
        state = index.state()
        assert (state.pending, state.complete) == (1, False)
        engine.failing.clear()
        await until(lambda: index.state().complete)
    assert set(shown(index)) == {"bad", "good"}


async def test_a_started_instance_is_listed_at_once_and_kept_by_a_listing_without_it() -> None:
    engine = FakeEngine({"a": "COMPLETED", "b": "COMPLETED", "c": "COMPLETED"})
    index, poller = polled(engine)
    request = TaskRequest(task_id="1", title="Blue chair")
    engine.after_first_page = lambda: poller.started(DEFINITION, request)
    await poller.list_ids()
    [item] = (await index.page(InstanceQuery(q="blue"))).items
    assert (item.instance_id, item.workflow, item.status) == ("task-1", "task", "RUNNING")

    engine.statuses["task-1"] = "COMPLETED"
    await poller.poll_due()
    assert shown(index)["task-1"] == "COMPLETED"


async def test_a_page_is_fresh_even_if_its_instances_are_not_due() -> None:
    engine = FakeEngine({"runs": "RUNNING", "ended": "COMPLETED"})
    index, poller = polled(engine)
    await poller.list_ids()
    await poller.poll_due()
    engine.statuses["runs"] = "SUSPENDED"
    poller.mark_dirty("runs")
    await poller.refresh_stale(["runs", "ended", "unknown"])
    assert shown(index)["runs"] == "SUSPENDED"
    assert engine.reads == {"runs": 2, "ended": 1}
    await poller.refresh_stale(["runs"])
    assert engine.reads["runs"] == 2, "it was read just now"


async def test_concurrent_reads_are_limited() -> None:
    engine = FakeEngine({f"{n}": "RUNNING" for n in range(50)}, page_size=20)
    _, poller = polled(engine)
    await poller.list_ids()
    await poller.poll_due()
    assert engine.most_in_flight == PACE.concurrency


async def test_ten_thousand_instances_do_not_block_the_event_loop() -> None:
    """Neither a listing nor batches of reads block the event loop for long."""
    engine = FakeEngine({f"task-{n}": "COMPLETED" for n in range(10_000)}, page_size=5_000)
    index, poller = polled(engine)
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


async def test_pages_over_an_engine_that_hangs_leave_the_poll_on_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orchestrator.visibility.poller.RETRY_DELAY", 0.01)
    engine = FakeEngine({f"{n}": "RUNNING" for n in range(400)}, page_size=200)
    index, poller = polled(engine, replace(PACE, read_timeout=2.0))
    await poller.list_ids()
    for _ in range(4):
        await poller.poll_due()
    before = len(asyncio.all_tasks())
    engine.answers.clear()
    ids = [item.instance_id for item in (await index.page(InstanceQuery(limit=200))).items]
    for instance_id in ids:
        poller.mark_dirty(instance_id)

    async with poller.running(Supervisor(Readiness())):
        async with asyncio.TaskGroup() as clients:
            for _ in range(20):
                clients.create_task(poller.refresh_stale(ids))
            await asyncio.sleep(0.05)
            # The reads of the pages and of a batch, the clients, and the two loops.
            most = PACE.page_reads + PACE.reads_per_poll + 20 + 2
            assert len(asyncio.all_tasks()) - before <= most
            listed = index.as_of
            await until(lambda: index.as_of != listed)
        engine.answers.set()
        engine.statuses = dict.fromkeys(engine.statuses, "SUSPENDED")
        await until(lambda: set(shown(index).values()) == {"SUSPENDED"})
    assert len(asyncio.all_tasks()) <= before


async def test_an_instance_that_cannot_be_counted_does_not_end_the_poll(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orchestrator.visibility.poller.RETRY_DELAY", 0.01)
    failures = iter([RuntimeError("unexpected")])

    def count_end(_: Entry) -> None:
        for failure in failures:
            raise failure

    engine = FakeEngine({"a": "RUNNING", "b": "RUNNING"})
    index, poller = polled(engine, count_end=count_end)
    await poller.list_ids()
    await poller.poll_due()
    engine.statuses = {"a": "COMPLETED", "b": "COMPLETED"}
    poller.mark_dirty("a")
    poller.mark_dirty("b")
    async with poller.running(Supervisor(Readiness())):
        await until(lambda: set(shown(index).values()) == {"COMPLETED"})
        await until(lambda: sum(engine.reads.values()) >= 5)
