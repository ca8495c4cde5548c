"""A backup that is made while instances wait is restored elsewhere, and all of them end."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stack import Stack, StackOptions
from stack.backup.create import create_backup
from stack.backup.encoding import decode
from stack.backup.manifest import JOBS
from stack.dapr_setup import provide_dapr
from stack.layout import RunDirectory
from stack.options import Store
from stack.output import Output
from support.faults import persist
from support.monitors import checked, figures, watch
from support.schedules import plants, put, state
from support.stacks import connect_stack
from support.system import System, all_items, eventually, somebody, unique

# Later than the backup on any machine, and no longer to wait for than needed.
REST_SECONDS = 40
EVERY_SECONDS = 5
DUE_SECONDS = 3600
SOME = 6


@dataclass
class Waiting:
    """What waits when the backup is made, and what has ended."""

    ended: dict[str, Any]
    repeated: tuple[int, Any]
    member: str = field(default_factory=somebody)
    assignee: str = field(default_factory=somebody)
    approver: str = field(default_factory=somebody)
    schedule: str = field(default_factory=unique)
    at_peer: str = ""
    hello: str = ""
    purchase: str = ""
    tracked: str = ""
    monitor: str = ""
    generation: int = 0
    accepted: list[str] = field(default_factory=list)


def a_task(task_id: str, member: str) -> dict[str, str]:
    return {"task_id": task_id, "title": "T", "assignee": member}


@asynccontextmanager
async def at(run_dir: Path, store: Store, **settings: str) -> AsyncIterator[tuple[Stack, System]]:
    env = {"orchestrator": settings}
    options = StackOptions(run_dir=run_dir, store=store, prefer_port=None, env=env)
    async with Stack(options) as stack, connect_stack(stack) as system:
        yield stack, system


async def command(*words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stack", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def answer_to(system: System, task: dict[str, Any]) -> tuple[int, Any]:
    answer = await system.process(**task)
    return answer.status_code, answer.json()


async def wait_for_much(stack: Stack, system: System) -> Waiting:
    """Start one of each kind of wait but for a timer."""
    done = unique()
    task = a_task(done, somebody())
    await system.process(**task)
    ended = await system.finished(f"task-{done}")
    waiting = Waiting(ended, await answer_to(system, task))
    await put(system, waiting.schedule, plants(every_seconds=EVERY_SECONDS))
    waiting.purchase = await system.purchase(waiting.approver)
    waiting.monitor, _ = await watch(system, url="http://127.0.0.1:9/", interval_seconds=5)
    waiting.generation = (await checked(system, waiting.monitor, 1))["generation"]
    tracked = {**a_task(unique(), waiting.assignee), "due_in_seconds": DUE_SECONDS}
    before = DUE_SECONDS - REST_SECONDS
    waiting.tracked = await system.start("/tasks", **tracked, remind_before_seconds=before)
    await system.at_step(waiting.tracked, "wait")

    async def has_run() -> bool | None:
        return (await state(system, waiting.schedule))["last_instance"] is not None or None

    await eventually(has_run, "the schedule to run")
    await stack.kill("notifier")
    at_peer = unique()
    await system.process(**a_task(at_peer, waiting.member))
    waiting.at_peer = f"task-{at_peer}"

    async def waits_for_it() -> bool | None:
        why = (await system.status(waiting.at_peer))["why"]
        return any(reason["kind"] == "outage" for reason in why) or None

    await eventually(waits_for_it, f"{waiting.at_peer} to wait for the notifier")
    return waiting


async def rest(system: System, waiting: Waiting) -> None:
    """Start what waits for a timer, at the last moment: it is to wait in the backup."""
    waiting.hello = await system.start(
        "/hello", hello_id=unique(), user_name="ada", rest_seconds=REST_SECONDS
    )
    await system.at_step(waiting.hello, "rest")


async def accept(system: System, waiting: Waiting, task_id: str) -> None:
    task = a_task(task_id, waiting.member)
    await persist(lambda: system.process(**task), f"{task_id} to be accepted")
    waiting.accepted.append(f"task-{task_id}")


async def back_up_under_load(stack: Stack, system: System, waiting: Waiting, to: Path) -> None:
    """Make the backup while tasks are started, whose turns, steps and effects it cuts through."""
    some, enough = asyncio.Event(), asyncio.Event()

    async def load() -> None:
        while not enough.is_set():
            await accept(system, waiting, unique("load"))
            if len(waiting.accepted) >= SOME:
                some.set()

    def back_up() -> None:
        dapr = provide_dapr(os.environ, Output(stderr=True))
        asyncio.run(create_backup(stack.run, stack.options.store, dapr, to))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(2):
            tasks.create_task(load())
        await some.wait()
        await rest(system, waiting)
        # In a thread of its own, as another program would.
        await asyncio.to_thread(back_up)
        enough.set()
    # What is accepted after a backup is not in it.
    await accept(system, waiting, unique("late"))
    assert any(waiting.hello in job and "timer" in job for job in pending(to))


def pending(backup: Path) -> list[str]:
    """Return the names of the jobs in a backup."""
    lines = (backup / JOBS).read_text(encoding="ascii").splitlines()
    return [decode(json.loads(line)["key"]).decode() for line in lines]


async def all_end_once(system: System, waiting: Waiting) -> None:
    await the_ended_stay(system, waiting)
    await a_schedule_continues(system, waiting.schedule)
    answer = await system.send(
        waiting.purchase, "approval", approved=True, approver=waiting.approver
    )
    assert answer.is_success, answer.text
    for instance, status in {waiting.purchase: "approved", waiting.at_peer: "completed"}.items():
        assert (await system.finished(instance))["output"]["status"] == status
    await the_reminder_fires_once(system, waiting.tracked, waiting.assignee)
    assert (await system.finished(waiting.hello))["status"] == "COMPLETED"

    async def checked_again() -> bool | None:
        generation = (await figures(system, waiting.monitor))["generation"]
        return generation > waiting.generation or None

    await eventually(checked_again, "the monitor to check")
    await tasks_end_once(system, waiting)


async def the_ended_stay(system: System, waiting: Waiting) -> None:
    """What has ended is there as it was, and a repeat of its start gets the same answer."""
    ended = waiting.ended
    now = await system.status(ended["instance_id"])
    # The address of Jaeger's page is this stack's.
    assert {**now, "trace_url": None} == {**ended, "trace_url": None}
    assert await answer_to(system, ended["input"]) == waiting.repeated


async def a_schedule_continues(system: System, name: str) -> None:
    last = (await state(system, name))["last_instance"]

    async def ran_again() -> str | None:
        now: str = (await state(system, name))["last_instance"]
        return None if now == last else now

    again = await eventually(ran_again, f"{name} to run")
    await system.orchestrator.delete(f"/schedules/{name}")
    assert (await system.finished(again))["output"]["status"] == "completed"


async def the_reminder_fires_once(system: System, instance: str, assignee: str) -> None:
    async def reminded() -> bool | None:
        return f"{instance}:remind" in await system.notification_keys(assignee) or None

    await eventually(reminded, "the reminder of the actor")
    await system.send(instance, "done", by=assignee)
    assert (await system.finished(instance))["output"]["status"] == "done"
    keys = await system.notification_keys(assignee)
    assert sorted(keys) == [f"{instance}:notify", f"{instance}:remind"]


async def tasks_end_once(system: System, waiting: Waiting) -> None:
    """Each task ends with its effects, once, when its start is repeated.

    One that was accepted after the backup is not in it, or with its start record alone.
    """
    late = waiting.accepted[-1]
    assert (await system.orchestrator.get(f"/instances/{late}")).status_code == 404
    for instance in waiting.accepted:
        task = a_task(instance.removeprefix("task-"), waiting.member)
        await persist(partial(system.process, **task), f"{instance} to be accepted")
    tasks = [waiting.at_peer, *waiting.accepted]
    for instance in tasks:
        assert (await system.finished(instance))["output"]["status"] == "completed"
    notified = await system.notification_keys(waiting.member)
    assert sorted(notified) == sorted(f"{instance}:notify" for instance in tasks)
    assignments = await all_items(system.assigner, "/assignments", {"member": waiting.member})
    assert sorted(a["key"] for a in assignments) == sorted(f"{i}:assign" for i in tasks)
    assert {a["status"] for a in assignments} == {"held"}


@pytest.mark.parametrize("store", ["sqlite", "redis"])
async def test_what_waits_ends_where_it_is_restored(tmp_path: Path, store: Store) -> None:
    first, backup, second = (tmp_path / name for name in ("first", "backup", "second"))
    if store == "redis" and shutil.which("redis-server") is None:
        pytest.skip("needs redis-server on PATH")
    async with at(first, store) as (stack, system):
        waiting = await wait_for_much(stack, system)
        await back_up_under_load(stack, system, waiting, backup)
    shutil.rmtree(first)
    said = await command("restore", str(backup), "--run-dir", str(second))
    assert said.startswith(f"Restored {backup} into {second}: {store}, ")
    # All wake-ups are in the backup: none has to be created again.
    async with at(second, store, RECONCILE_INSTANCES="false") as (_, system):
        await all_end_once(system, waiting)


async def test_what_waits_ends_without_the_jobs_of_the_scheduler(tmp_path: Path) -> None:
    """As where only the store was backed up: what was lost is created again."""
    first, backup, second = (tmp_path / name for name in ("first", "backup", "second"))
    async with at(first, "sqlite") as (stack, system):
        waiting = await wait_for_much(stack, system)
        await rest(system, waiting)
        await stack.stop()
        await command("backup", str(backup), "--run-dir", str(first))
    await command("restore", str(backup), "--run-dir", str(second))
    shutil.rmtree(RunDirectory(second).scheduler)
    late = "task-never-accepted"
    waiting.accepted.append(late)
    async with at(second, "sqlite") as (_, system):
        await all_end_once(system, waiting)
        assert await woken(system) > 0


async def woken(system: System) -> float:
    """Return for how many wake-ups the orchestrator asked again."""
    text = (await system.orchestrator.get("/metrics")).text
    lines = [x for x in text.splitlines() if x.startswith("taskway_instances_woken_total{")]
    return sum(float(x.rsplit(" ", 1)[1]) for x in lines if 'outcome="requested"' in x)
