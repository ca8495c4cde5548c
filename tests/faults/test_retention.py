"""What has ended is kept for a time, and then disappears without a call."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from stack import Stack, StackOptions
from support.stacks import connect_stack, restart
from support.system import System, eventually, somebody, unique

RETENTION = 5
# The engine is as punctual as its scheduler is, and the list looks for what is gone every 5 s.
IN_TIME = RETENTION + 25
WHY = {"reason": "nobody wants it", "by": "olga"}
APPROVED = {"approved": True, "approver": "dana"}


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack that keeps what has ended for some seconds."""
    options = StackOptions(
        run_dir=tmp_path_factory.mktemp("retention"), prefer_port=None, retention_seconds=RETENTION
    )
    async with Stack(options) as running:
        yield running


@pytest.fixture(scope="module")
async def system(stack: Stack) -> AsyncIterator[System]:
    async with connect_stack(stack) as system:
        yield system


async def disappeared(system: System, instance: str) -> None:
    """Return once neither the engine nor the list has an instance."""
    await forgotten(system, instance)

    async def unlisted() -> bool | None:
        items = await listed(system, instance)
        return True if instance not in items else None

    await eventually(unlisted, f"{instance} to leave the list", within=IN_TIME)
    counts = await summary(system, instance)
    assert counts["total"] == 0, counts


async def forgotten(system: System, instance: str, status: int = 410) -> None:
    """Return once the engine has it no more.

    It has ended and was removed (410), and not by anybody's hand; of a child, which nobody
    started, nothing is known then (404).
    """

    async def look() -> bool | None:
        answer = await system.orchestrator.get(f"/instances/{instance}")
        assert answer.status_code in (200, status), answer.text
        assert "purged" not in answer.json().get("detail", "")
        return True if answer.status_code == status else None

    await eventually(look, f"{instance} to be forgotten", within=IN_TIME)


async def listed(system: System, instance: str) -> list[str]:
    answer = await system.orchestrator.get("/instances", params={"id_prefix": instance})
    return [item["instance_id"] for item in answer.json()["items"]]


async def summary(system: System, instance: str) -> dict[str, Any]:
    answer = await system.orchestrator.get("/instances/summary", params={"id_prefix": instance})
    assert answer.status_code == 200, answer.text
    counts: dict[str, Any] = answer.json()
    return counts


async def test_ended_instances_disappear_and_running_ones_stay(system: System) -> None:
    runs, began = await system.purchase(), time.monotonic()
    done = await system.start("/tasks/process", task_id=unique(), title="T", assignee=somebody())
    stopped = await system.purchase()
    answer = await system.orchestrator.post(f"/instances/{stopped}/terminate", json=WHY)
    assert answer.status_code == 200, answer.text
    assert (await system.finished(done))["status"] == "COMPLETED"
    assert (await summary(system, done))["total"] == 1
    for instance in (done, stopped):
        await disappeared(system, instance)

    # It has lived for longer than the others were kept.
    assert time.monotonic() - began > RETENTION
    assert (await system.status(runs))["status"] == "RUNNING"
    assert await listed(system, runs) == [runs]
    assert (await summary(system, runs))["by_status"] == {"RUNNING": 1}

    assert (await system.send(runs, "approval", **APPROVED)).is_success
    await disappeared(system, runs)


async def test_an_ended_instance_is_kept_for_the_retention_time(system: System) -> None:
    instance = await system.start(
        "/tasks/process", task_id=unique(), title="T", assignee=somebody()
    )
    await system.finished(instance)
    ended = time.monotonic()
    await disappeared(system, instance)
    assert time.monotonic() - ended > RETENTION - 1


async def test_a_child_may_disappear_while_its_parent_runs(system: System) -> None:
    parent = await system.start("/hello", hello_id=unique(), user_name="ada")
    # It rests for 15 s, which is longer than its child is kept.
    await system.at_step(parent, "rest")
    [child] = (await system.status(parent))["children"]
    await forgotten(system, child, 404)
    for operation, status in (("pause", "SUSPENDED"), ("resume", "RUNNING")):
        answer = await system.orchestrator.post(
            f"/instances/{parent}/{operation}", json=WHY | {"children": True}
        )
        assert (answer.status_code, answer.json().get("status")) == (200, status)
    ended = await system.finished(parent)
    assert (ended["status"], len(ended["output"]["greetings"])) == ("COMPLETED", 2)


async def test_the_id_stays_used_and_the_effects_happen_once(system: System) -> None:
    request = {"task_id": unique(), "title": "T", "assignee": somebody()}
    instance = await system.start("/tasks/process", **request)
    await disappeared(system, instance)
    for repeat in (request, request | {"title": "U"}):
        answer = await system.process(**repeat)
        assert (answer.status_code, answer.json()["type"]) == (
            410,
            "urn:taskway:problem:instance-gone",
        )
    assert await system.held(request["assignee"]) == [f"{instance}:assign"]
    assert len(await system.inbox(request["assignee"])) == 1


async def test_an_instance_disappears_after_a_kill_of_the_sidecar(
    stack: Stack, system: System
) -> None:
    instance = await system.start(
        "/tasks/process", task_id=unique(), title="T", assignee=somebody()
    )
    await system.finished(instance)
    await restart(stack, "orchestrator-sidecar")
    await disappeared(system, instance)
