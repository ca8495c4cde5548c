"""Under `make run` a killed process is restarted by the stack, and the work continues."""

import os
import signal
from pathlib import Path

from stack import Stack, StackOptions
from support.faults import persist
from support.stacks import connect_stack
from support.system import System, eventually, somebody

VICTIMS = ("orchestrator", "orchestrator-sidecar", "scheduler", "placement", "notifier")


async def test_a_decision_counts_after_a_kill_of_each_process(tmp_path: Path) -> None:
    lines: list[str] = []
    warnings: list[str] = []
    options = StackOptions(
        tmp_path, restart_all=True, prefer_port=None, report=lines.append, warn=warnings.append
    )
    async with Stack(options) as stack, connect_stack(stack) as system:
        instance = await system.purchase()
        first = stack.pid(VICTIMS[0])
        for name in VICTIMS:
            # As anybody may: the stack does not know that it is wanted.
            os.kill(stack.pid(name), signal.SIGKILL)

            async def restarted(name: str = name) -> bool | None:
                return any(line.startswith(f"{name} is ready again") for line in lines) or None

            await eventually(restarted, f"{name} to be restarted")
        died = f"{VICTIMS[0]} (pid {first}) ended by signal 9 (SIGKILL): restarting it"
        assert died in warnings
        assert await approved(system, instance) == "approved"


async def approved(system: System, instance: str) -> str:
    """Approve a purchase, again while the system is unavailable, and return its outcome."""
    approver = somebody()

    await persist(
        lambda: system.send(instance, "approval", approved=True, approver=approver),
        f"{instance} to accept its approval",
    )
    outcome: str = (await system.finished(instance))["output"]["status"]
    return outcome
