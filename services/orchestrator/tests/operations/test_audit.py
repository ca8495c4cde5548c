"""Actions are recorded, with their result."""

import asyncio
from datetime import timedelta

import pytest

from contracts.problems import ProblemType
from orchestrator.operations.audit import BEGUN, DONE, EXPORT_PAGE, Action, Audit
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore

ACTION = Action("olga", "pause", "task-1", "because")


async def test_an_action_that_succeeds_is_recorded_with_its_details() -> None:
    audit = Audit(MemoryStateStore())
    async with audit.recording(Action("olga", "rerun", "task-1", details={"new": "task-2"})):
        pass
    [entry] = (await audit.page(None, 10)).items
    assert (entry.by, entry.action, entry.target, entry.result) == ("olga", "rerun", "task-1", DONE)
    assert entry.details == {"new": "task-2"}


async def test_a_refused_action_is_recorded_with_the_problem() -> None:
    audit = Audit(MemoryStateStore())
    with pytest.raises(ProblemError):
        async with audit.recording(ACTION):
            raise ProblemError(ProblemType.WRONG_STATE, "it is paused")
    [entry] = (await audit.page(None, 10)).items
    assert entry.result == ProblemType.WRONG_STATE
    assert entry.details == {"detail": "it is paused"}


async def test_an_unexpected_exception_is_recorded() -> None:
    audit = Audit(MemoryStateStore())
    with pytest.raises(ZeroDivisionError):
        async with audit.recording(ACTION):
            raise ZeroDivisionError
    assert (await audit.page(None, 10)).items[0].result == "ZeroDivisionError"


async def test_a_result_that_cannot_be_written_is_written_later_and_fails_nothing() -> None:
    store = MemoryStateStore()
    audit = Audit(store)
    async with audit.recording(ACTION):
        store.writes_until_crash = 0

    async def refused() -> None:
        async with audit.recording(Action("olga", "resume", "task-1")):
            store.writes_until_crash = 0
            raise ProblemError(ProblemType.WRONG_STATE, "it runs")

    async def results() -> list[str]:
        return [entry.result for entry in (await audit.page(None, 10)).items]

    with pytest.raises(ProblemError):
        await refused()
    assert await results() == [BEGUN, BEGUN]
    late = asyncio.create_task(audit.write_late())
    async with asyncio.timeout(5):
        while BEGUN in await results():
            pass
    late.cancel()
    assert await results() == [ProblemType.WRONG_STATE, DONE]


async def test_a_request_that_is_given_up_leaves_a_begun_entry() -> None:
    store = MemoryStateStore()
    with pytest.raises(asyncio.CancelledError):
        async with Audit(store).recording(ACTION):
            raise asyncio.CancelledError
    [entry] = (await Audit(store).page(None, 10)).items
    assert entry.result == BEGUN


async def test_the_detail_of_a_problem_is_truncated_in_its_entry() -> None:
    audit = Audit(MemoryStateStore())
    with pytest.raises(ProblemError):
        async with audit.recording(ACTION):
            raise ProblemError(ProblemType.VALIDATION, "x" * 1_000_000)
    [entry] = (await audit.page(None, 10)).items
    assert len(entry.model_dump_json()) < 3_000


async def test_an_action_that_cannot_be_recorded_is_not_done() -> None:
    store, done = MemoryStateStore(), False
    store.writes_until_crash = 0
    with pytest.raises(StoreUnavailable):
        async with Audit(store).recording(ACTION):
            done = True
    assert not done


async def test_the_trail_is_paged_newest_first() -> None:
    audit = Audit(MemoryStateStore())
    for number in range(5):
        async with audit.recording(Action("olga", "pause", f"task-{number}")):
            pass
    first = await audit.page(None, 3)
    second = await audit.page(first.next, 3)
    targets = [entry.target for page in (first, second) for entry in page.items]
    assert targets == [f"task-{n}" for n in (4, 3, 2, 1, 0)]
    assert second.next is None


async def test_entries_expire_each_in_its_time() -> None:
    store = MemoryStateStore()
    audit = Audit(store, timedelta(days=10))
    async with audit.recording(ACTION):
        store.pass_time(timedelta(days=1))
    store.pass_time(timedelta(days=9))
    async with audit.recording(ACTION):
        pass
    store.pass_time(timedelta(days=9))
    assert len((await audit.page(None, 10)).items) == 1
    store.pass_time(timedelta(days=2))
    assert store.data == {}


async def test_an_export_has_every_entry_once_the_newest_first() -> None:
    store = MemoryStateStore()
    audit = Audit(store, timedelta(days=10))
    for n in range(2 * EXPORT_PAGE + 1):
        async with audit.recording(Action("olga", "pause", f"task-{n}", "because")):
            pass
    exported = [entry.target async for entry in audit.entries()]
    assert exported == [f"task-{n}" for n in reversed(range(2 * EXPORT_PAGE + 1))]
    assert [entry async for entry in Audit(MemoryStateStore()).entries()] == []
