"""Operations on an instance, and the refresh of the list after them."""

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from unit_support.operated import ALL, WHY, World

from contracts.problems import ProblemType
from orchestrator.operations.audit import DONE
from orchestrator.schemas.operations import Operation
from orchestrator.schemas.workflows import RuntimeStatus

AFTER = {
    Operation.PAUSE: "SUSPENDED",
    Operation.RESUME: "RUNNING",
    Operation.TERMINATE: "TERMINATED",
}


@pytest.mark.parametrize("reads", [0, 3])
@pytest.mark.parametrize("operation", AFTER)
async def test_the_list_is_refreshed_once_the_operation_has_taken_effect(
    world: World, operation: Operation, reads: int
) -> None:
    if operation is Operation.RESUME:
        world.engine.statuses["hello-1"] = "SUSPENDED"
    world.engine.reads_until_effect = reads
    result = await world.operations.perform(operation, "hello-1", WHY)
    assert result.status == AFTER[operation]
    assert world.refreshed == [{"hello-1": AFTER[operation]}]
    assert world.engine.calls == [(operation, "hello-1")]
    [entry] = await world.trail()
    assert (entry.action, entry.result, entry.details) == (
        operation,
        DONE,
        {"instances": ["hello-1"]},
    )


async def test_children_are_paused_and_resumed_where_their_status_allows_it(world: World) -> None:
    for operation, status in ((Operation.PAUSE, "SUSPENDED"), (Operation.RESUME, "RUNNING")):
        world.engine.calls.clear()
        await world.operations.perform(operation, "hello-1", ALL)
        family = ["hello-1", "hello-1-a", "hello-1-a-a"]
        assert world.engine.calls == [(operation, name) for name in family]
        assert world.refreshed.pop() == dict.fromkeys(family, status)


async def test_children_are_terminated_with_their_parent(world: World) -> None:
    await world.operations.perform(Operation.TERMINATE, "hello-1", ALL)
    assert world.engine.calls == [("terminate", "hello-1")]
    family = ["hello-1", "hello-1-a", "hello-1-a-a"]
    assert world.refreshed == [dict.fromkeys(family, "TERMINATED")]
    [entry] = await world.trail()
    assert entry.details == {"instances": family}


async def test_children_are_purged_with_their_parent_and_leave_tombstones(world: World) -> None:
    world.engine.statuses = dict.fromkeys(world.engine.statuses, "COMPLETED")
    result = await world.operations.perform(Operation.PURGE, "hello-1", ALL)
    assert result.status is None
    assert world.engine.calls == [("purge", "hello-1")]
    family = ["hello-1", "hello-1-a", "hello-1-a-a", "hello-1-b"]
    assert world.refreshed == [dict.fromkeys(family)]
    for name in family:
        assert (await world.tombstones.missing_problem(name)).type is ProblemType.INSTANCE_GONE


async def test_purged_children_are_skipped(world: World) -> None:
    del world.engine.statuses["hello-1-b"]
    del world.engine.statuses["hello-1-a-a"]
    await world.operations.perform(Operation.PAUSE, "hello-1", ALL)
    assert world.refreshed == [dict.fromkeys(["hello-1", "hello-1-a"], "SUSPENDED")]


async def test_a_refused_operation_is_recorded_and_refreshes_nothing(world: World) -> None:
    assert (await world.refused(Operation.RESUME)).type is ProblemType.WRONG_STATE
    assert (await world.refused(Operation.PURGE)).type is ProblemType.WRONG_STATE
    world.engine.statuses.clear()
    assert (await world.refused(Operation.PAUSE)).type is ProblemType.NOT_FOUND
    await world.tombstones.record_purge("hello-1", "olga")
    assert (await world.refused(Operation.PAUSE)).type is ProblemType.INSTANCE_GONE
    assert (world.engine.calls, world.refreshed) == ([], [])
    assert [entry.result for entry in await world.trail()] == [
        ProblemType.INSTANCE_GONE,
        ProblemType.NOT_FOUND,
        ProblemType.WRONG_STATE,
        ProblemType.WRONG_STATE,
    ]


async def test_an_unavailable_engine_is_reported_as_unavailable(world: World) -> None:
    world.engine.failure = AioRpcError(
        grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "refused"
    )
    assert (await world.refused(Operation.PAUSE)).type is ProblemType.UNAVAILABLE
    assert world.refreshed == []


async def test_an_operation_that_takes_effect_late_returns_the_present_status(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.operations.service.EFFECT_TIMEOUT_SECONDS", 0.1)
    world.engine.reads_until_effect = 1_000
    result = await world.operations.perform(Operation.PAUSE, "hello-1", WHY)
    assert result.status is RuntimeStatus.RUNNING
    assert world.refreshed == [{"hello-1": "RUNNING"}]
