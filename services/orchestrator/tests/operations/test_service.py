"""Operations on an instance, and the refresh of the list after them."""

import asyncio

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from unit_support.operated import ALL, WHY, World

from contracts.problems import ProblemType
from orchestrator.operations.audit import DONE
from orchestrator.schemas.operations import Operation, OperationRequest
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.toolkit.outage_wait import OUTAGE
from orchestrator.toolkit.until_success import UNTIL_SUCCESS
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

DOWN = AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "refused")
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


@pytest.mark.parametrize("name", [OUTAGE, UNTIL_SUCCESS])
@pytest.mark.parametrize("operation", AFTER)
async def test_a_step_that_is_tried_on_by_a_child_is_no_child_of_the_users(
    world: World, operation: Operation, name: str
) -> None:
    world.engine.names["hello-1-a"] = name
    if operation is Operation.RESUME:
        world.engine.statuses |= {"hello-1": "SUSPENDED", "hello-1-a": "SUSPENDED"}
    result = await world.operations.perform(operation, "hello-1", WHY)
    assert result.status == AFTER[operation]
    assert world.engine.calls == [(operation, "hello-1"), (operation, "hello-1-a")]
    assert world.engine.statuses["hello-1-a-a"] == "RUNNING"
    assert world.refreshed == [dict.fromkeys(["hello-1", "hello-1-a"], AFTER[operation])]


async def test_the_wait_that_begins_before_the_pause_has_its_effect_is_paused(
    world: World,
) -> None:
    world.engine.children["hello-1"] = []
    world.engine.names["hello-1-a"] = OUTAGE
    pause = world.engine.pause_workflow

    async def late(instance_id: str, reason: str) -> None:
        world.engine.children["hello-1"] = ["hello-1-a"]
        await pause(instance_id, reason)

    world.engine.pause_workflow = late  # type: ignore[method-assign]
    await world.operations.perform(Operation.PAUSE, "hello-1", WHY)
    assert world.engine.statuses["hello-1-a"] == "SUSPENDED"


@pytest.mark.parametrize("operation", AFTER)
async def test_what_was_done_by_half_is_completed_by_a_repeat(
    world: World, operation: Operation
) -> None:
    world.engine.names["hello-1-a"] = OUTAGE
    world.engine.statuses["hello-1"] = AFTER[operation]
    if operation is Operation.RESUME:
        world.engine.statuses["hello-1-a"] = "SUSPENDED"
    result = await world.operations.perform(operation, "hello-1", WHY)
    assert result.status == AFTER[operation]
    assert world.engine.calls == [(operation, "hello-1-a")]


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
    family = ["hello-1", "hello-1-a", "hello-1-a-a", "hello-1-b"]
    assert world.engine.calls == [("purge", name) for name in reversed(family)]
    assert world.refreshed == [dict.fromkeys(family)]
    for name in family:
        assert (await world.starts.missing_problem(name)).type is ProblemType.INSTANCE_GONE


async def test_purged_children_are_skipped(world: World) -> None:
    del world.engine.statuses["hello-1-b"]
    del world.engine.statuses["hello-1-a-a"]
    await world.operations.perform(Operation.PAUSE, "hello-1", ALL)
    assert world.refreshed == [dict.fromkeys(["hello-1", "hello-1-a"], "SUSPENDED")]


async def test_a_refused_operation_is_recorded_and_refreshes_nothing(world: World) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    assert (await world.refused(Operation.RESUME)).type is ProblemType.WRONG_STATE
    world.engine.statuses["hello-1"] = "RUNNING"
    assert (await world.refused(Operation.PURGE)).type is ProblemType.WRONG_STATE
    world.engine.statuses.clear()
    assert (await world.refused(Operation.PAUSE)).type is ProblemType.NOT_FOUND
    await world.starts.record_purge("hello-1", "olga")
    assert (await world.refused(Operation.PAUSE)).type is ProblemType.INSTANCE_GONE
    assert (world.engine.calls, world.refreshed) == ([], [])
    assert [entry.result for entry in await world.trail()] == [
        ProblemType.INSTANCE_GONE,
        ProblemType.WRONG_STATE,
        ProblemType.WRONG_STATE,
    ]


async def test_an_unavailable_engine_is_reported_as_unavailable(world: World) -> None:
    world.engine.failure = DOWN
    assert (await world.refused(Operation.PAUSE)).type is ProblemType.UNAVAILABLE
    assert world.refreshed == []


@pytest.mark.parametrize("operation", AFTER)
async def test_an_operation_without_effect_in_time_is_never_a_success(
    world: World, monkeypatch: pytest.MonkeyPatch, operation: Operation
) -> None:
    monkeypatch.setattr("orchestrator.operations.effects.EFFECT_TIMEOUT_SECONDS", 0.1)
    before = "SUSPENDED" if operation is Operation.RESUME else "RUNNING"
    world.engine.statuses["hello-1"] = before
    world.engine.reads_until_effect = 1_000
    problem = await world.refused(operation)
    assert (problem.type, problem.retry_after) == (ProblemType.UNAVAILABLE, 1)
    assert f"it is still {before}" in problem.detail
    world.engine.reads_until_effect = 0
    assert (await world.operations.perform(operation, "hello-1", WHY)).status == AFTER[operation]


@pytest.mark.parametrize("operation", AFTER)
async def test_a_repeat_succeeds_as_the_first_did_and_asks_for_nothing(
    world: World, operation: Operation
) -> None:
    if operation is Operation.RESUME:
        world.engine.statuses["hello-1"] = "SUSPENDED"
    first = await world.operations.perform(operation, "hello-1", WHY)
    world.engine.calls.clear()
    assert await world.operations.perform(operation, "hello-1", WHY) == first
    assert world.engine.calls == []


async def test_a_purge_that_is_repeated_succeeds_as_the_first_did(world: World) -> None:
    world.engine.statuses = dict.fromkeys(world.engine.statuses, "COMPLETED")
    first = await world.operations.perform(Operation.PURGE, "hello-1", ALL)
    world.engine.calls.clear()
    assert await world.operations.perform(Operation.PURGE, "hello-1", ALL) == first
    assert world.engine.calls == []
    assert (await world.refused(Operation.TERMINATE)).type is ProblemType.INSTANCE_GONE


@pytest.mark.parametrize("operation", [*AFTER, Operation.PURGE])
async def test_an_operation_many_times_at_once_succeeds_each_time(
    world: World, operation: Operation
) -> None:
    before = {Operation.RESUME: "SUSPENDED", Operation.PURGE: "COMPLETED"}
    world.engine.statuses = dict.fromkeys(world.engine.statuses, before.get(operation, "RUNNING"))
    results = await asyncio.gather(
        *(world.operations.perform(operation, "hello-1", ALL) for _ in range(5))
    )
    assert {result.status for result in results} == {AFTER.get(operation)}
    if operation is Operation.PURGE:
        assert await world.starts.purged_life("hello-1")


async def test_what_is_paused_is_terminated_where_the_engine_loses_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.operations.effects.AGAIN_SECONDS", 0.1)
    world.engine.statuses["hello-1"] = "SUSPENDED"
    world.engine.losing_terminates = 2
    result = await world.operations.perform(Operation.TERMINATE, "hello-1", WHY)
    assert result.status is RuntimeStatus.TERMINATED


async def test_the_children_of_what_was_terminated_alone_can_be_terminated(world: World) -> None:
    await world.operations.perform(Operation.TERMINATE, "hello-1", WHY)
    result = await world.operations.perform(Operation.TERMINATE, "hello-1", ALL)
    assert result.status is RuntimeStatus.TERMINATED
    assert {world.engine.statuses[name] for name in ("hello-1-a", "hello-1-a-a")} == {"TERMINATED"}


@pytest.mark.parametrize("request_", [WHY, ALL])
async def test_a_parent_with_a_running_child_is_not_purged_and_nothing_is_recorded(
    world: World, request_: OperationRequest
) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    problem = await world.refused(Operation.PURGE, request_)
    assert problem.type is ProblemType.WRONG_STATE
    assert "hello-1-a is RUNNING" in problem.detail
    assert world.engine.calls == []
    assert not [key for key in world.store.data if key.startswith("gone:")]


async def test_a_purge_that_the_engine_refuses_leaves_no_tombstone(world: World) -> None:
    world.engine.statuses = dict.fromkeys(world.engine.statuses, "COMPLETED")
    world.engine.failure = DOWN
    assert (await world.refused(Operation.PURGE)).type is ProblemType.UNAVAILABLE
    assert not await world.starts.purged_life("hello-1")


@pytest.mark.parametrize("crash", range(3))
async def test_a_purge_that_crashed_is_completed_by_its_repeat(world: World, crash: int) -> None:
    world.engine.statuses = dict.fromkeys(world.engine.statuses, "COMPLETED")
    # Behind the three writes of the audit trail.
    world.store.writes_until_crash = 3 + crash
    with pytest.raises(StoreUnavailable):
        await world.operations.perform(Operation.PURGE, "hello-1", ALL)
    result = await world.operations.perform(Operation.PURGE, "hello-1", ALL)
    assert result.status is None
    assert world.engine.statuses == {}
    for name in ("hello-1", "hello-1-a", "hello-1-a-a", "hello-1-b"):
        assert await world.starts.purged_life(name)


async def test_what_ended_while_it_was_to_be_paused_is_a_conflict(world: World) -> None:
    ending = world.operations.perform(Operation.PAUSE, "hello-1", WHY)
    world.engine.reads_until_effect = 2
    world.engine.ends_instead = "COMPLETED"
    with pytest.raises(ProblemError) as error:
        await ending
    assert error.value.type is ProblemType.WRONG_STATE
