"""Whichever process is killed: every accepted task completes, each effect once."""

import asyncio

import pytest

from stack import Stack
from support.fault_suite.faults import PROCESSES
from support.faults import assert_completed, assert_each_effect_once, interrupt
from support.stacks import restart, start_again
from support.system import System, eventually, somebody, unique

COUNT = 30


@pytest.mark.parametrize("victim", PROCESSES)
async def test_tasks_in_flight_survive_a_kill(stack: Stack, system: System, victim: str) -> None:
    if not stack.has(victim):
        pytest.skip(f"this stack has no {victim}")
    member, ids = somebody(), [unique() for _ in range(COUNT)]

    async def kill() -> None:
        await restart(stack, victim)

    await interrupt(system, ids, member, kill)
    await assert_completed(system, ids)
    await assert_each_effect_once(system, ids, member)


@pytest.mark.parametrize("victim", ["orchestrator", "orchestrator-sidecar", "assigner"])
async def test_a_kill_between_two_activities(stack: Stack, system: System, victim: str) -> None:
    """The notifier is down, so that the task certainly stands between its effects."""
    member, task_id = somebody(), unique()
    await stack.kill("notifier")
    await system.process(task_id=task_id, title="T", assignee=member)
    await system.at_step(f"task-{task_id}", "send_notification")
    await stack.kill(victim)
    await start_again(stack, victim, "notifier")

    await assert_completed(system, [task_id])
    await assert_each_effect_once(system, [task_id], member)


async def test_a_service_without_its_sidecar_is_not_ready(stack: Stack, system: System) -> None:
    await stack.kill("orchestrator-sidecar")

    async def not_ready() -> str | None:
        answer = await system.orchestrator.get("/readyz")
        return answer.json()["detail"] if answer.status_code == 503 else None

    assert "sidecar" in await eventually(not_ready, "the orchestrator to be not ready")
    assert (await system.orchestrator.get("/healthz")).status_code == 200
    refused = await system.process(task_id=unique(), title="T", assignee="alice")
    assert refused.status_code == 503
    assert refused.headers["retry-after"]
    await start_again(stack, "orchestrator-sidecar")


async def test_a_terminated_service_loses_no_task(stack: Stack, system: System) -> None:
    member = somebody()
    ids = [unique() for _ in range(10)]
    await asyncio.gather(*(system.process(task_id=i, title="T", assignee=member) for i in ids))
    await stack.terminate("orchestrator")
    await start_again(stack, "orchestrator")
    await assert_completed(system, ids)
    await assert_each_effect_once(system, ids, member)
