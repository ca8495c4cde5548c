"""Operators manage instances, and every action is in the audit trail."""

import asyncio
from typing import Any

import httpx
import pytest

from support.system import System, all_items, eventually, somebody, unique

WHY: dict[str, Any] = {"reason": "to see what happens", "by": "olga"}


async def act(system: System, instance: str, operation: str, **more: Any) -> httpx.Response:
    return await system.orchestrator.post(f"/instances/{instance}/{operation}", json=WHY | more)


async def purge(system: System, instance: str) -> httpx.Response:
    return await system.orchestrator.delete(f"/instances/{instance}", params=WHY)


async def resting(system: System, seconds: int = 15) -> str:
    """Return an instance that rests, and has a child that has ended."""
    instance = await system.start(
        "/hello", hello_id=unique(), user_name="ada", rest_seconds=seconds
    )
    await system.at_step(instance, "rest")
    return instance


async def done_task(system: System) -> str:
    instance = await system.start(
        "/tasks/process", task_id=unique(), title="T", assignee=somebody()
    )
    await system.finished(instance)
    return instance


async def test_a_paused_instance_continues_when_it_is_resumed(system: System) -> None:
    instance = await resting(system, seconds=6)
    paused = await act(system, instance, "pause")
    assert (paused.status_code, paused.json()["status"]) == (200, "SUSPENDED")
    again = await act(system, instance, "pause")
    assert (again.status_code, again.json()) == (200, paused.json())

    resumed = await act(system, instance, "resume")
    assert (resumed.status_code, resumed.json()["status"]) == (200, "RUNNING")
    again = await act(system, instance, "resume")
    assert (again.status_code, again.json()) == (200, resumed.json())
    assert (await system.finished(instance))["status"] == "COMPLETED"
    for operation in ("pause", "resume", "terminate"):
        late = await act(system, instance, operation)
        assert (late.status_code, late.json()["type"]) == (409, "urn:taskway:problem:wrong-state")


async def test_a_parent_is_paused_with_children_that_have_ended(system: System) -> None:
    instance = await resting(system)
    for operation, after in (("pause", "SUSPENDED"), ("resume", "RUNNING")):
        answer = await act(system, instance, operation, children=True)
        assert (answer.status_code, answer.json()["status"]) == (200, after)
    assert (await act(system, instance, "terminate", children=True)).status_code == 200
    children = (await system.status(instance))["children"]
    assert len(children) == 1

    purged = await system.orchestrator.delete(
        f"/instances/{instance}", params=WHY | {"children": True}
    )
    assert purged.status_code == 200
    for name in (instance, *children):
        assert (await system.orchestrator.get(f"/instances/{name}")).status_code == 410
        page = (await system.orchestrator.get("/instances", params={"id_prefix": name})).json()
        assert page["items"] == []


async def test_a_terminated_instance_ends_at_once(system: System) -> None:
    instance = await resting(system)
    assert (await act(system, instance, "terminate")).json()["status"] == "TERMINATED"
    assert (await system.status(instance))["status"] == "TERMINATED"
    assert (await act(system, instance, "terminate")).json()["status"] == "TERMINATED"
    for operation in ("pause", "resume"):
        assert (await act(system, instance, operation)).status_code == 409


async def test_what_is_paused_is_terminated_with_its_children(system: System) -> None:
    instance = await resting(system)
    assert (await act(system, instance, "pause", children=True)).status_code == 200
    ended = await act(system, instance, "terminate", children=True)
    assert (ended.status_code, ended.json()["status"]) == (200, "TERMINATED")


async def test_a_parent_is_not_purged_before_its_running_child(system: System) -> None:
    slow = {"prefix": "sample", "count": 60, "parallelism": 1, "simulate": "slow"}
    parent = await system.start("/batches", batch_id=unique(), **slow)

    async def begun() -> str | None:
        children = (await system.status(parent))["children"]
        return children[0] if children else None

    child = await eventually(begun, "the child to begin")
    assert (await act(system, parent, "terminate")).status_code == 200
    refused = await purge(system, parent)
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:taskway:problem:wrong-state",
    )
    assert child in refused.json()["detail"]
    assert (await system.status(parent))["status"] == "TERMINATED"
    assert (await act(system, parent, "terminate", children=True)).status_code == 200
    assert (await purge(system, parent)).status_code == 200


async def test_a_purged_instance_is_gone(system: System) -> None:
    instance = await done_task(system)
    first = await purge(system, instance)
    assert first.json()["status"] is None
    again = await purge(system, instance)
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await act(system, instance, "pause")).status_code == 410


async def test_a_running_instance_is_not_purged(system: System) -> None:
    instance = await resting(system)
    assert (await purge(system, instance)).status_code == 409
    await act(system, instance, "terminate")


@pytest.mark.parametrize("operation", ["pause", "resume", "terminate", "rerun"])
async def test_an_operation_on_an_unknown_instance_is_not_found(
    system: System, operation: str
) -> None:
    more = {"new_id": "x"} if operation == "rerun" else {}
    answer = await act(system, "task-never-started", operation, **more)
    assert answer.status_code == 404


async def test_an_operation_needs_a_reason(system: System) -> None:
    instance = await done_task(system)
    answer = await system.orchestrator.post(f"/instances/{instance}/pause", json={"reason": " "})
    assert answer.status_code == 422


async def test_a_rerun_from_the_start_is_another_instance_with_its_own_effects(
    system: System,
) -> None:
    instance, new_id = await done_task(system), unique("again")
    first = await act(system, instance, "rerun", new_id=new_id)
    again = await act(system, instance, "rerun", new_id=new_id)
    assert first.status_code == again.status_code == 200
    assert first.json()["new_instance_id"] == f"task-{new_id}"
    state = await system.finished(f"task-{new_id}")
    assert state["output"]["status"] == "completed"
    member = state["output"]["assignee"]
    assert f"task-{new_id}:assign" in await system.held(member)

    other = await act(system, await done_task(system), "rerun", new_id=new_id)
    assert (other.status_code, other.json()["type"]) == (
        409,
        "urn:taskway:problem:instance-exists",
    )


async def test_a_rerun_may_have_another_input(system: System) -> None:
    instance = await system.start("/tasks/process", task_id=unique(), title="", assignee="alice")
    assert (await system.finished(instance))["output"]["status"] == "rejected"
    new_id = unique("fixed")
    fixed = {"title": "T", "assignee": somebody()}
    answer = await act(system, instance, "rerun", new_id=new_id, input=fixed)
    assert answer.status_code == 200, answer.text
    assert (await system.finished(f"task-{new_id}"))["output"]["status"] == "completed"

    wrong = await act(system, instance, "rerun", new_id=unique(), input={"title": 7})
    assert wrong.status_code == 422


async def test_a_rerun_from_an_event_repeats_only_what_follows(system: System) -> None:
    member = somebody()
    instance = await system.start("/tasks/process", task_id=unique(), title="T", assignee=member)
    await system.finished(instance)
    new_id = unique("from")
    # Event 2 of a task is its assignment, which is sent again as it was: with its old key.
    answer = await act(system, instance, "rerun", new_id=new_id, from_event=2)
    assert answer.status_code == 200, answer.text
    assert (await system.finished(f"task-{new_id}"))["output"]["status"] == "completed"
    assert await system.held(member) == [f"{instance}:assign"]
    again = await act(system, instance, "rerun", new_id=new_id, from_event=2)
    assert (again.status_code, again.json()) == (200, answer.json())

    other_id = unique("from")
    wrong: dict[str, Any]
    for wrong in ({"from_event": 999}, {"from_event": 2**31}, {"input": {}}):
        refused = await act(system, instance, "rerun", new_id=other_id, **wrong)
        assert refused.status_code == 422, refused.text
    other = await done_task(system)
    for wrong in ({}, {"from_event": 2}):
        refused = await act(system, instance, "rerun", new_id=other.removeprefix("task-"), **wrong)
        assert refused.status_code == 409
        itself = await act(
            system, instance, "rerun", new_id=instance.removeprefix("task-"), **wrong
        )
        assert itself.status_code == 422
    for name in (other, instance):
        assert (await system.status(name))["rerun_of"] is None
    right = await act(system, instance, "rerun", new_id=other_id, from_event=2)
    assert right.status_code == 200, right.text


async def test_every_action_is_in_the_audit_trail(system: System) -> None:
    instance = await resting(system)
    await purge(system, instance)
    await act(system, instance, "terminate", children=True)
    trail = await all_items(system.orchestrator, "/audit", {})
    mine = [entry for entry in trail if entry["target"] == instance]
    assert [(e["action"], e["by"], e["reason"], e["result"]) for e in mine] == [
        ("terminate", "olga", WHY["reason"], "done"),
        ("purge", "olga", WHY["reason"], "urn:taskway:problem:wrong-state"),
    ]


async def test_two_terminations_at_once_both_get_a_true_answer(system: System) -> None:
    instance = await resting(system)
    answers = await asyncio.gather(*(act(system, instance, "terminate") for _ in range(2)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert (await system.status(instance))["status"] == "TERMINATED"
