"""Under `make run` a killed process is restarted by the stack, and the work continues."""

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from stack import Stack, StackOptions
from support.faults import persist
from support.stacks import connect_stack
from support.system import System, eventually, somebody
from support.taskway import Taskway

VICTIMS = ("orchestrator", "orchestrator-sidecar", "scheduler", "placement", "notifier")


@dataclass
class Restarting:
    """A stack that restarts whatever ends, with what it says."""

    stack: Stack
    system: System
    lines: list[str]
    warnings: list[str]


@pytest.fixture(scope="module")
async def restarting(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Restarting]:
    lines: list[str] = []
    warnings: list[str] = []
    options = StackOptions(
        tmp_path_factory.mktemp("restarting"),
        restart_all=True,
        prefer_port=None,
        report=lines.append,
        warn=warnings.append,
    )
    async with Stack(options) as stack, connect_stack(stack) as system:
        yield Restarting(stack, system, lines, warnings)


async def test_a_decision_counts_after_a_kill_of_each_process(restarting: Restarting) -> None:
    stack, lines = restarting.stack, restarting.lines
    instance = await restarting.system.purchase()
    first = stack.pid(VICTIMS[0])
    for name in VICTIMS:
        # As anybody may: the stack does not know that it is wanted.
        os.kill(stack.pid(name), signal.SIGKILL)

        async def restarted(name: str = name) -> bool | None:
            return any(line.startswith(f"{name} is ready again") for line in lines) or None

        await eventually(restarted, f"{name} to be restarted")
    died = f"{VICTIMS[0]} (pid {first}) ended by signal 9 (SIGKILL): restarting it"
    assert died in restarting.warnings
    assert await approved(restarting.system, instance) == "approved"


async def test_a_kill_of_a_user_loses_nothing_and_does_nothing_twice(
    restarting: Restarting,
) -> None:
    stack = restarting.stack
    await stack.wait_ready()
    taskway, old = Taskway(stack.url("orchestrator")), stack.pid("notifier")
    found = await taskway.data(
        *("chaos", "kill", "notifier", "--run-dir", str(stack.run.root), "--workflow", "order")
    )
    assert (found["killed"], found["how"]) == (f"pid {old}", "SIGKILL")
    # Held until then: the request was on its way.
    assert (found["at"], found["steps_before"][-1]) == ("notify_customer", "notify_customer")
    assert (found["outcome"], found["lost"], found["done_twice"]) == ("completed", [], [])
    [effect] = found["effects"]
    assert (effect["key"], effect["times"]) == (f"{found['instance_id']}:notify", 1)
    assert found["successor"] == f"pid {stack.pid('notifier')}"
    assert stack.pid("notifier") != old
    refused = await taskway.refused("chaos", "kill", "nobody", "--run-dir", str(stack.run.root))
    assert "No process 'nobody' runs; there are: placement" in refused


async def approved(system: System, instance: str) -> str:
    """Approve a purchase, again while the system is unavailable, and return its outcome."""
    approver = somebody()

    await persist(
        lambda: system.send(instance, "approval", approved=True, approver=approver),
        f"{instance} to accept its approval",
    )
    outcome: str = (await system.finished(instance))["output"]["status"]
    return outcome
