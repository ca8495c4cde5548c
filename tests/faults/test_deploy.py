"""Other code is deployed while instances run: each continues with the version it began with."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine.version_report import instances
from stack import Stack
from support import older_orchestrator
from support.engine import management, workflow_client
from support.system import System, eventually, somebody, unique

DECISION = {"approved": True, "approver": "dana"}
WHY = {"by": "olga", "reason": "to count the budget"}


class Deployment:
    """The orchestrator, in one release or another.

    Args:
        stack: The stack that it is part of.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    async def of(self, code: str) -> None:
        """Have it run other code than today's: see support/older_orchestrator.py."""
        await self._deploy([sys.executable, str(Path(older_orchestrator.__file__)), code])

    async def of_today(self) -> None:
        """Have it run the code that is here."""
        await self._deploy(None)

    async def _deploy(self, command: list[str] | None) -> None:
        await self._stack.terminate("orchestrator")
        await self._stack.start("orchestrator", command)
        await self._stack.wait_ready()


@pytest.fixture
async def deployment(stack: Stack) -> AsyncIterator[Deployment]:
    deployment = Deployment(stack)
    yield deployment
    await deployment.of_today()


async def history(stack: Stack, instance: str) -> list[Any]:
    async with management(stack) as engine:
        return await engine.get_workflow_history(instance)


async def version(stack: Stack, instance: str) -> str:
    """Return which code an instance began with."""
    async with management(stack) as engine:
        listed = instances(workflow_client(stack), engine)
        [found] = [i async for i in listed if i.instance_id == instance]
    return found.version


async def start(system: System, **more: Any) -> tuple[str, str, str]:
    """Start a purchase, and return the instance, its approver and its requester."""
    approver, requester = somebody(), somebody()
    purchase = {"purchase_id": unique(), "requester": requester, "item": "A laptop"}
    instance = await system.start(
        "/purchase-orders", **purchase, amount=129_900, approver=approver, **more
    )
    await system.waiting(instance, "approval")
    return instance, approver, requester


async def notifications(system: System, instance: str, *people: str) -> list[str]:
    """Return which notifications of an instance these people got."""
    keys = [message["key"] for person in people for message in await system.inbox(person)]
    return sorted(key.removeprefix(f"{instance}:") for key in keys)


async def test_an_instance_ends_with_the_version_that_it_began_with(
    stack: Stack, system: System, deployment: Deployment
) -> None:
    await deployment.of("version-1")
    old, *old_people = await start(system)
    # Half of its time, when version 2 would send a reminder, is after the deployment.
    late, *late_people = await start(system, decide_within_seconds=20)
    await deployment.of_today()
    new, *new_people = await start(system, decide_within_seconds=4)

    assert (await system.finished(new))["output"]["status"] == "cancelled"
    assert await notifications(system, new, *new_people) == ["notify", "remind-1", "tell-requester"]
    assert await version(stack, new) == "3"

    assert (await system.send(old, "approval", **DECISION)).status_code == 200
    output = (await system.finished(old))["output"]
    assert (output["status"], output["requester_told"]) == ("approved", None)
    assert await notifications(system, old, *old_people) == ["notify"]
    assert await version(stack, old) == "1"
    assert await system.held(old_people[0]) == []

    assert (await system.finished(late))["output"]["status"] == "cancelled"
    assert await notifications(system, late, *late_people) == ["notify"]


async def test_an_instance_with_a_patch_goes_on_after_a_pause(
    system: System, deployment: Deployment
) -> None:
    await deployment.of("version-2")
    instance, *people = await start(system)
    paused = await system.orchestrator.post(f"/instances/{instance}/pause", json=WHY)
    assert paused.json()["status"] == "SUSPENDED"
    assert (await system.send(instance, "approval", **DECISION)).status_code == 200
    await deployment.of_today()
    await system.orchestrator.post(f"/instances/{instance}/resume", json=WHY)
    output = (await system.finished(instance))["output"]
    assert (output["status"], output["requester_told"]) == ("approved", True)
    assert await notifications(system, instance, *people) == ["notify", "tell-requester"]


async def test_an_instance_stalls_while_its_version_is_missing(
    stack: Stack, system: System, deployment: Deployment
) -> None:
    await deployment.of("version-1")
    old, approver, _ = await start(system)
    await deployment.of("without-version-1")
    assert (await system.send(old, "approval", **DECISION)).status_code == 200

    async def stalled() -> bool | None:
        return (await system.status(old))["status"] == "STALLED" or None

    await eventually(stalled, f"{old} to stall")
    [reason] = [
        event.executionStalled.description
        for event in await history(stack, old)
        if event.HasField("executionStalled")
    ]
    assert reason == "Version not available: 1"
    [why, *_] = (await system.status(old))["why"]
    assert why["kind"] == "stalled"
    assert why["text"].startswith("stalled: ")
    assert "Version not available: 1" in why["text"]
    again = await system.send(old, "approval", approved=False, approver="bob")
    assert again.status_code == 503
    end = await system.orchestrator.post(f"/instances/{old}/terminate", json=WHY)
    assert end.status_code == 409
    # The others continue.
    other, *_ = await start(system)
    assert (await system.send(other, "approval", **DECISION)).status_code == 200
    assert (await system.finished(other))["output"]["status"] == "approved"

    await deployment.of_today()
    assert (await system.finished(old))["output"]["status"] == "approved"
    assert await version(stack, old) == "1"
    assert await system.held(approver) == []
