"""A purged instance is distinguished from one that never existed."""

from contracts.problems import ProblemType
from orchestrator.inspection.tombstones import Tombstones
from servicekit.testing import MemoryStateStore


async def test_an_unknown_instance_is_not_found() -> None:
    problem = await Tombstones(MemoryStateStore()).missing_problem("task-1")
    assert (problem.type, problem.detail) == (
        ProblemType.NOT_FOUND,
        "There is no instance task-1",
    )


async def test_a_purged_instance_is_gone_for_every_replica() -> None:
    store = MemoryStateStore()
    await Tombstones(store).record_purge("task-1", "olga")
    problem = await Tombstones(MemoryStateStore(store.data)).missing_problem("task-1")
    assert (problem.type, problem.detail) == (ProblemType.INSTANCE_GONE, "task-1 was purged")
    assert (await Tombstones(store).missing_problem("task-10")).type is ProblemType.NOT_FOUND


async def test_purging_twice_is_no_conflict() -> None:
    tombstones = Tombstones(MemoryStateStore())
    for by in ("olga", "bo"):
        await tombstones.record_purge("task-1", by)
    assert (await tombstones.missing_problem("task-1")).type is ProblemType.INSTANCE_GONE
