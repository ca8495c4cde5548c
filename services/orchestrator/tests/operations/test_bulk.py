"""Bulk operations: dry run, confirmation, and each instance independent of the others."""

from dataclasses import replace
from typing import Any

import pytest
from unit_support.bulk_world import REFUSED, World, entry

from contracts.problems import ProblemType
from orchestrator.operations.allowed import ALLOWED
from orchestrator.operations.audit import DONE
from orchestrator.operations.bulk import CONCURRENCY, MAX_INSTANCES
from orchestrator.schemas.operations import (
    BulkRequest,
    Operation,
    OperationRequest,
)
from orchestrator.schemas.workflows import RuntimeStatus
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable


async def test_a_dry_run_returns_the_matching_instances_and_does_nothing() -> None:
    world = World(entry("young"), entry("old", age=9), entry("ended", RuntimeStatus.COMPLETED))
    result = await world.perform()
    assert (result.dry_run, result.count, result.remaining) == (True, 2, 0)
    assert result.instance_ids == ["task-old", "task-young"]
    assert (result.results, result.index.known) == ([], 3)
    assert (world.ids_done(), await world.trail()) == ([], [])


@pytest.mark.parametrize("confirm", [0, 1, 3])
async def test_a_wrong_count_does_nothing(confirm: int) -> None:
    world = World(entry("1"), entry("2"))
    with pytest.raises(ProblemError) as error:
        await world.perform(confirm=confirm)
    assert error.value.type is ProblemType.WRONG_STATE
    assert "2 instances match now" in error.value.detail
    assert world.ids_done() == []
    [recorded] = await world.trail()
    assert (recorded.action, recorded.result) == ("batch.pause", ProblemType.WRONG_STATE)


async def test_as_many_other_instances_are_refused_where_the_digest_is_confirmed() -> None:
    world = World(entry("1"), entry("2", age=5))
    dry = await world.perform()
    world.index.put(entry("1", RuntimeStatus.COMPLETED))
    world.index.put(entry("3"))
    with pytest.raises(ProblemError) as error:
        await world.perform(confirm=2, confirm_digest=dry.digest)
    assert error.value.type is ProblemType.WRONG_STATE
    assert world.ids_done() == []
    again = await world.perform()
    assert again.digest != dry.digest
    await world.perform(confirm=2, confirm_digest=again.digest)
    assert sorted(world.ids_done()) == ["task-2", "task-3"]


async def test_the_digest_is_of_one_operation() -> None:
    world = World(entry("1"))
    pause, terminate = await world.perform(), await world.perform(Operation.TERMINATE)
    assert pause.digest != terminate.digest
    with pytest.raises(ProblemError):
        await world.perform(Operation.TERMINATE, confirm=1, confirm_digest=pause.digest)


async def test_a_count_of_zero_can_be_confirmed() -> None:
    result = await World(entry("1")).perform(confirm=0, filter={"id_prefix": "order-"})
    assert (result.dry_run, result.count, result.results) == (False, 0, [])


@pytest.mark.parametrize("operation", [o for o in Operation if o is not Operation.RERUN])
@pytest.mark.parametrize("children", [True, False])
async def test_every_instance_whose_status_allows_it_is_operated_on(
    operation: Operation, children: bool
) -> None:
    world = World(*(entry(status, status) for status in RuntimeStatus))
    wanted = sorted(f"task-{status}" for status in ALLOWED[operation])
    result = await world.perform(operation, confirm=len(wanted), children=children)
    assert sorted(world.ids_done()) == wanted == result.instance_ids
    alone = OperationRequest(reason="because", by="olga", children=children)
    assert all(done == (operation, done[1], alone) for done in world.operations.done)
    assert {item.result for item in result.results} == {DONE}


async def test_what_ended_with_an_outcome_is_rerun() -> None:
    failed = [
        replace(entry(name, RuntimeStatus.COMPLETED), outcome="failed") for name in ("1", "2")
    ]
    well = replace(entry("3", RuntimeStatus.COMPLETED), outcome="completed")
    world = World(*failed, well, entry("4", RuntimeStatus.FAILED), entry("5"))
    wanted = {"status": ["COMPLETED"], "outcome": ["failed"]}
    result = await world.perform(Operation.RERUN, confirm=2, suffix="again", filter=wanted)
    assert [item.new_instance_id for item in result.results] == ["task-1-again", "task-2-again"]
    assert sorted(world.ids_done()) == ["task-1", "task-2"]
    [recorded] = await world.trail()
    assert recorded.details["filter"] == wanted


@pytest.mark.parametrize("refusal", [REFUSED, StoreUnavailable("no answer within 5 s")])
async def test_a_refused_instance_does_not_stop_the_others(refusal: Exception) -> None:
    world = World(*(entry(str(n), age=9 - n) for n in range(5)))
    world.operations.refusing["task-1"] = refusal
    result = await world.perform(confirm=5)
    assert sorted(world.ids_done()) == ["task-0", "task-2", "task-3", "task-4"]
    items = {item.instance_id: item for item in result.results}
    assert list(items) == [f"task-{n}" for n in range(5)]
    recorded = items.pop("task-1")
    expected = (
        ProblemType.WRONG_STATE if refusal is REFUSED else ProblemType.UNAVAILABLE,
        str(refusal),
    )
    assert (recorded.result, recorded.detail) == expected
    assert {item.result for item in items.values()} == {DONE}


async def test_a_bulk_operation_is_in_the_audit_trail() -> None:
    world = World(entry("1"), entry("2"), entry("3"))
    world.operations.refusing["task-2"] = REFUSED
    await world.perform(confirm=3, filter={"id_prefix": "task-", "workflow": ["task"]})
    [recorded] = await world.trail()
    assert (recorded.by, recorded.action, recorded.target, recorded.reason, recorded.result) == (
        "olga",
        "batch.pause",
        "instances",
        "because",
        DONE,
    )
    assert recorded.details == {
        "filter": {"id_prefix": "task-", "workflow": ["task"]},
        "done": 2,
        "refused": 1,
    }


async def test_a_call_operates_on_the_oldest_and_returns_how_many_remain() -> None:
    many = [entry(f"{n:04}", age=n) for n in range(MAX_INSTANCES + 3)]
    world = World(*many)
    oldest = [one.instance_id for one in reversed(many)][:MAX_INSTANCES]
    dry = await world.perform()
    assert (dry.count, dry.remaining, dry.instance_ids) == (MAX_INSTANCES, 3, oldest)
    done = await world.perform(confirm=MAX_INSTANCES)
    assert sorted(world.ids_done()) == sorted(oldest)
    assert [item.instance_id for item in done.results] == oldest
    assert world.operations.most_in_flight == CONCURRENCY == 8

    for one in many:
        if one.instance_id in oldest:
            world.index.put(replace(one, status=RuntimeStatus.SUSPENDED))
    rest = await world.perform()
    assert (rest.count, rest.remaining) == (3, 0)


async def test_a_call_operates_on_500_instances_at_most() -> None:
    """As its documentation says."""
    world = World(*(entry(f"{n:04}", age=n) for n in range(501)))
    dry = await world.perform()
    assert (dry.count, dry.remaining) == (500, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"operation": "rerun"},
        {"operation": "pause", "suffix": "again"},
        {"operation": "rerun", "suffix": "a/b"},
        {"operation": "pause", "confirm": -1},
        {"operation": "pause", "confirm": True},
        {"operation": "pause", "confirm": "1"},
        {"operation": "pause", "confirm": 1.0},
        {"operation": "pause", "confirm_digest": "a"},
        {"operation": "pause", "filter": {"everything": True}},
    ],
)
def test_a_malformed_bulk_request_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        BulkRequest.model_validate({"reason": "because", "filter": {}} | wrong)
