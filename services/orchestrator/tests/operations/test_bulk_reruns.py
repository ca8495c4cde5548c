"""Bulk reruns: each instance is rerun once, the next call goes on with the rest."""

from dataclasses import replace
from typing import Any

from unit_support.bulk_world import RUNNING, World, entry

from contracts.problems import ProblemType
from orchestrator.operations.audit import DONE
from orchestrator.operations.bulk import MAX_INSTANCES
from orchestrator.schemas.operations import Operation, RerunRequest
from orchestrator.schemas.workflows import RuntimeStatus


async def test_a_rerun_has_the_old_id_and_the_suffix() -> None:
    world = World(entry("1", RuntimeStatus.FAILED), entry("task-2", RuntimeStatus.COMPLETED))
    result = await world.perform(Operation.RERUN, confirm=2, suffix="again")
    assert [(item.instance_id, item.new_instance_id) for item in result.results] == [
        ("task-1", "task-1-again"),
        ("task-task-2", "task-task-2-again"),
    ]
    requests = [request for _, _, request in world.operations.done]
    assert requests == [
        RerunRequest(reason="because", by="olga", new_id=f"{name}-again")
        for name in ("1", "task-2")
    ]


async def test_reruns_go_on_with_what_has_none_yet() -> None:
    """An instance that was rerun is as it was before, and matches still."""
    many = [entry(f"{n:04}", RuntimeStatus.FAILED, age=n) for n in range(MAX_INSTANCES + 3)]
    world = World(*many)
    again: dict[str, Any] = {"suffix": "again", "filter": {"status": ["FAILED"]}}
    first = await world.perform(Operation.RERUN, confirm=MAX_INSTANCES, **again)
    assert first.remaining == 3
    for item in first.results:
        world.index.put(replace(many[0], instance_id=str(item.new_instance_id), status=RUNNING))

    rest = await world.perform(Operation.RERUN, **again)
    assert rest.instance_ids[:3] == ["task-0002", "task-0001", "task-0000"]
    assert (rest.count, rest.remaining) == (MAX_INSTANCES, 0)
    # Another suffix is another rerun of each.
    other = await world.perform(Operation.RERUN, **again | {"suffix": "once-more"})
    assert other.instance_ids == first.instance_ids


async def test_a_repeated_rerun_is_answered_as_the_first() -> None:
    world = World(entry("1", RuntimeStatus.FAILED), entry("2", RuntimeStatus.FAILED, age=5))
    first = await world.perform(Operation.RERUN, confirm=2, suffix="again")
    # The answer is lost; of what was started, one is listed already.
    world.index.put(entry("2-again"))
    repeated = await world.perform(
        Operation.RERUN, confirm=2, confirm_digest=first.digest, suffix="again"
    )
    assert repeated.remaining == first.remaining == 0
    assert {i.new_instance_id for i in repeated.results} == {"task-1-again", "task-2-again"}
    assert {i.new_instance_id for i in first.results} == {"task-1-again", "task-2-again"}


async def test_children_are_rerun_with_their_parents_only() -> None:
    parent = entry("1", RuntimeStatus.COMPLETED)
    child = replace(
        parent, instance_id="task-1-child", workflow="hello_child_workflow", parent="task-1"
    )
    world = World(parent, child)
    assert (await world.perform(Operation.RERUN, suffix="again")).instance_ids == ["task-1"]
    assert (await world.perform(Operation.PURGE)).instance_ids == ["task-1", "task-1-child"]


async def test_a_new_id_that_is_too_long_is_refused_for_its_instance_only() -> None:
    world = World(entry("1", RuntimeStatus.FAILED), entry("2" * 98, RuntimeStatus.FAILED))
    result = await world.perform(Operation.RERUN, confirm=2, suffix="again")
    assert [item.result for item in result.results] == [DONE, ProblemType.VALIDATION]
    assert world.ids_done() == ["task-1"]
