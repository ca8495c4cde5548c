"""A purged instance is distinguished from one that never existed."""

from contracts.problems import ProblemType
from orchestrator.engine.start_records import StartRecords
from servicekit.testing import MemoryStateStore


async def test_an_unknown_instance_is_not_found() -> None:
    problem = await StartRecords(MemoryStateStore()).missing_problem("task-1")
    assert (problem.type, problem.detail) == (
        ProblemType.NOT_FOUND,
        "There is no instance task-1",
    )


async def test_a_purged_instance_is_gone_for_every_replica() -> None:
    store = MemoryStateStore()
    await StartRecords(store).record_purge("task-1", "olga")
    problem = await StartRecords(MemoryStateStore(store.data)).missing_problem("task-1")
    assert (problem.type, problem.detail) == (ProblemType.INSTANCE_GONE, "task-1 was purged")
    assert (await StartRecords(store).missing_problem("task-10")).type is ProblemType.NOT_FOUND


async def test_purging_twice_is_no_conflict() -> None:
    records = StartRecords(MemoryStateStore())
    for by in ("olga", "bo"):
        await records.record_purge("task-1", by)
    assert (await records.missing_problem("task-1")).type is ProblemType.INSTANCE_GONE


async def test_a_purged_instance_has_a_tombstone() -> None:
    records = StartRecords(MemoryStateStore())
    assert not await records.purged_life("task-1")
    await records.record_purge("task-1", "olga")
    assert await records.purged_life("task-1")


async def test_a_purge_that_is_withdrawn_leaves_no_tombstone() -> None:
    records = StartRecords(MemoryStateStore())
    await records.withdraw_purge("task-1")
    await records.record_purge("task-1", "olga")
    await records.withdraw_purge("task-1")
    assert not await records.purged_life("task-1")
    assert (await records.missing_problem("task-1")).type is ProblemType.NOT_FOUND
