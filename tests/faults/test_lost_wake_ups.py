"""What waits goes on although the scheduler's data was lost, while all else ran."""

import shutil
import time
from pathlib import Path
from typing import Any

from stack import Stack
from support.monitors import checked, figures, watch
from support.schedules import plants, put, ran, state
from support.stacks import running, start_again
from support.system import System, eventually, somebody, unique
from support.web import hanging_server

# Of its own: what else waits on a stack is stranded where its scheduler's data is lost.
REVIVED_WITHIN = 60.0
# All that waits is due by then.
DUE_SECONDS = 12


async def wipe(stack: Stack, *others: str) -> float:
    """Restart the scheduler without its data, and other processes; return when it is up again."""
    await stack.kill("scheduler")
    for name in others:
        await stack.kill(name)
    shutil.rmtree(stack.run.scheduler)
    await start_again(stack, "scheduler", *others)
    return time.monotonic()


async def tracked(system: System, assignee: str) -> str:
    """Start a task whose actor reminds the assignee soon."""
    due = 3600
    task = {"task_id": unique(), "title": "Review it", "assignee": assignee, "due_in_seconds": due}
    instance = await system.start("/tasks", **task, remind_before_seconds=due - DUE_SECONDS)
    await system.at_step(instance, "wait")
    return instance


async def messages(system: System, recipient: str, count: int) -> bool | None:
    return len(await system.inbox(recipient)) == count or None


async def metric(system: System, name: str, **labels: str) -> float:
    text = (await system.orchestrator.get("/metrics")).text
    lines = [line for line in text.splitlines() if line.startswith(name + "{")]
    found = [line for line in lines if all(f'{k}="{v}"' in line for k, v in labels.items())]
    return sum(float(line.rsplit(" ", 1)[1]) for line in found)


async def why(system: System, instance: str) -> str:
    return "; ".join(reason["text"] for reason in (await system.status(instance))["why"])


async def progress(system: System) -> dict[str, Any]:
    checks = (await system.orchestrator.get("/system")).json()["checks"]
    return next(check for check in checks if check["name"] == "progress of instances")


async def test_all_that_waits_fires_again(tmp_path: Path) -> None:
    async with running(tmp_path, {}) as (stack, system):
        name, approver, assignee = unique(), somebody(), somebody()
        await put(system, name, plants(every_seconds=DUE_SECONDS))
        before = (await ran(system, name, None))["next_at"]
        monitor, _ = await watch(system, interval_seconds=DUE_SECONDS)
        purchase = await system.purchase(approver, decide_within_seconds=2 * DUE_SECONDS)
        task = await tracked(system, assignee)
        generation = (await checked(system, monitor, 1))["generation"]
        wiped = await wipe(stack)

        async def all_fired() -> bool | None:
            return (
                (await state(system, name))["last_at"] > before
                and (await figures(system, monitor))["generation"] > generation
                and await messages(system, approver, 2)
                and await messages(system, assignee, 2)
            ) or None

        async def said_to_be_late() -> bool | None:
            counted = (await system.orchestrator.get("/instances/summary")).json()["overdue"]
            return (counted > 0 and "is late" in await why(system, monitor)) or None

        async def reminder_said_to_be_lost() -> bool | None:
            return "reminder of its actor" in await why(system, task) or None

        await eventually(said_to_be_late, "what is late to be said", within=REVIVED_WITHIN)
        await eventually(all_fired, "all that waits to fire", within=REVIVED_WITHIN)
        assert time.monotonic() - wiped < REVIVED_WITHIN
        await eventually(reminder_said_to_be_lost, "the lost reminder to be said")
        # Nobody decided: its second timer was created after the loss.
        assert (await system.finished(purchase))["output"]["status"] == "cancelled"
        assert await metric(system, "taskway_instances_woken_total", outcome="requested") >= 3
        entries = (await system.orchestrator.get("/audit")).json()["items"]
        assert "wake" in [entry["action"] for entry in entries]

        async def all_well() -> bool | None:
            return (await progress(system))["ok"] or None

        await eventually(all_well, "the doctor to be content")
        # Each is sent once, however often its wake-up was created.
        assert await messages(system, assignee, 2)
        await system.send(task, "done", by=assignee)
        assert (await system.finished(task))["status"] == "COMPLETED"


async def test_an_activity_that_ran_with_what_was_lost_runs_again(tmp_path: Path) -> None:
    async with (
        running(tmp_path, {}) as (stack, system),
        hanging_server() as (url, asked),
    ):
        monitor, _ = await watch(system, url=url, interval_seconds=3600)
        await asked.wait()
        wiped = await wipe(stack, "orchestrator")

        async def was_checked() -> bool | None:
            return bool((await figures(system, monitor))["results"]) or None

        await eventually(was_checked, "the check to be made", within=REVIVED_WITHIN)
        assert time.monotonic() - wiped < REVIVED_WITHIN
        assert await metric(system, "taskway_instances_woken_total", kind="activity") >= 1
