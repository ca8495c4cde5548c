"""A reminder fires once, whatever is killed before it and however often it fails."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from stack import Stack
from support.faults import persist
from support.stacks import start_again
from support.system import System, eventually, somebody, unique


async def start(system: System, member: str, due_in_seconds: int) -> str:
    """Start a task that reminds its assignee in `due_in_seconds`, and return its name."""
    name = unique()
    await system.start(
        "/tasks",
        task_id=name,
        title="T",
        assignee=member,
        due_in_seconds=3600 + due_in_seconds,
        remind_before_seconds=3600,
    )
    await system.waiting(f"tracked-{name}", "done")
    return name


async def reminders(system: System, name: str) -> dict[str, Any] | None:
    answer = await system.orchestrator.get(f"/tasks/{name}")
    return answer.json()["reminders"] if answer.status_code == 200 else None


async def end_with_one_reminder(system: System, name: str, member: str) -> None:
    """The reminder fires; the task is done; its assignee was notified of each once."""

    async def fired() -> bool | None:
        found = await reminders(system, name)
        return True if found and found["fired"] else None

    instance = f"tracked-{name}"
    await eventually(fired, f"the reminder of {name}")

    # Right after a kill the answer is 503, or lost: a repeat is answered as the first was.
    await persist(lambda: system.send(instance, "done", by=member), f"{instance} to take its end")
    assert (await system.finished(instance))["output"]["status"] == "done"
    assert sorted(await system.notification_keys(member)) == [
        f"{instance}:notify",
        f"{instance}:remind",
    ]
    task = (await system.orchestrator.get(f"/tasks/{name}")).json()
    steps = [entry["key"].removeprefix(f"{instance}:") for entry in task["history"]]
    assert steps == ["create", "assigned", "told", "remind", "end"]


async def start_and_kill(stack: Stack, system: System, victim: str) -> tuple[str, str, datetime]:
    """Start a task and kill a process before its reminder is due.

    A machine that takes longer than that tries again with twice the time.

    Returns:
        The task's name, its assignee, and when its reminder is due.
    """
    for due_in_seconds in (4, 8, 16, 32, 64):
        member = somebody()
        name = await start(system, member, due_in_seconds)
        before = await reminders(system, name)
        await stack.kill(victim)
        if before and not before["fired"]:
            due = datetime.fromisoformat(before["next"])
            if datetime.now(UTC) < due:
                return name, member, due
        await start_again(stack, victim)
    raise AssertionError("no kill came before its reminder")


@pytest.mark.parametrize("victim", ["orchestrator", "orchestrator-sidecar"])
async def test_a_reminder_outlives_its_host(stack: Stack, system: System, victim: str) -> None:
    """It is due while its host is down, and fires after the restart."""
    name, member, due = await start_and_kill(stack, system, victim)
    overdue = due + timedelta(seconds=1)
    await asyncio.sleep((overdue - datetime.now(UTC)).total_seconds())
    if victim == "orchestrator-sidecar":
        answer = await system.orchestrator.get(f"/tasks/{name}")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
    assert f"tracked-{name}:remind" not in await system.notification_keys(member)
    await start_again(stack, victim)
    await end_with_one_reminder(system, name, member)


async def test_a_reminder_outlives_repeated_failure(stack: Stack, system: System) -> None:
    """Dapr would drop it after four attempts; reads succeed meanwhile."""
    name, member, _ = await start_and_kill(stack, system, "notifier")

    async def failed_five_times() -> float | None:
        begun = time.monotonic()
        found = await reminders(system, name)
        assert found is not None, "the task cannot be read"
        attempts = next(r["attempts"] for r in found["armed"] if r["name"] == "remind")
        return time.monotonic() - begun if attempts >= 5 else None

    await eventually(failed_five_times, f"the reminder of {name} to fail")
    await start_again(stack, "notifier")
    await end_with_one_reminder(system, name, member)


async def test_a_reminder_of_a_paused_workflow_fires(stack: Stack, system: System) -> None:
    member = somebody()
    name = await start(system, member, due_in_seconds=3)
    workflow = f"{stack.sidecar_url('orchestrator')}/v1.0/workflows/dapr/tracked-{name}"
    async with httpx.AsyncClient(trust_env=False) as sidecar:
        assert (await sidecar.post(f"{workflow}/pause")).is_success

        async def paused_and_reminded() -> bool | None:
            found = await reminders(system, name)
            state = await system.status(f"tracked-{name}")
            return True if found and found["fired"] and state["status"] == "SUSPENDED" else None

        await eventually(paused_and_reminded, f"the reminder of {name}")
        assert (await sidecar.post(f"{workflow}/resume")).is_success
    await end_with_one_reminder(system, name, member)
