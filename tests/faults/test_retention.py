"""What has ended is kept for a time, and then disappears without a call."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from stack import Stack, StackOptions
from support.stacks import connect_stack, kept_for, restart
from support.system import System, eventually, somebody, unique

RETENTION = 5
# A sweep looks at the list, which may be some seconds old.
IN_TIME = RETENTION + 25
WHY = {"reason": "nobody wants it", "by": "olga"}
APPROVED = {"approved": True, "approver": "dana"}


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack that keeps what has ended for some seconds."""
    options = StackOptions(
        run_dir=tmp_path_factory.mktemp("retention"),
        prefer_port=None,
        env={"orchestrator": kept_for(RETENTION)},
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
    assert (await system.finished(done))["status"] == "COMPLETED"
    assert (await summary(system, done))["total"] == 1
    stopped = await system.purchase()
    answer = await system.orchestrator.post(f"/instances/{stopped}/terminate", json=WHY)
    assert answer.status_code == 200, answer.text
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
    ended = datetime.fromisoformat((await system.finished(instance))["completed_at"])
    await disappeared(system, instance)
    assert (datetime.now(UTC) - ended).total_seconds() > RETENTION


async def test_a_child_stays_while_its_parent_runs_and_disappears_with_it(system: System) -> None:
    parent = await system.start("/hello", hello_id=unique(), user_name="ada")
    # It rests for 15 s, which is longer than what has ended is kept.
    await system.at_step(parent, "rest")
    [child] = (await system.status(parent))["children"]
    ended = await system.finished(parent)
    assert (ended["status"], len(ended["output"]["greetings"])) == ("COMPLETED", 2)
    kept = await system.status(child)
    assert kept["status"] == "COMPLETED"
    rested = datetime.fromisoformat(ended["completed_at"]) - datetime.fromisoformat(
        kept["completed_at"]
    )
    assert rested.total_seconds() > RETENTION
    await forgotten(system, child, 404)
    await disappeared(system, parent)


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
