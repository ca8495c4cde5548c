"""The known faults of the runtime 1.18.2, each by what a user of the API sees.

docs/known-limits.md has the work-around of each, and the release that makes it needless. Two are
elsewhere: that a job which is overwritten or deleted as it triggers ends the scheduler is avoided
for schedules by never doing so (`orchestrator.scheduling.armed_jobs`), and that
what waits goes on after the scheduler was away is `test_lost_wake_ups.py`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx

from stack import Stack
from support.fault_suite.leftovers import pending_jobs
from support.faults import assert_completed, assert_each_effect_once, interrupt, persist
from support.monitors import watch
from support.stacks import start_again
from support.system import System, eventually, somebody, unique
from support.web import hanging_server

WHY = {"reason": "to see what happens", "by": "olga"}
STARTS, EVENTS, TERMINATED = 12, 6, 4


async def act(system: System, instance: str, operation: str, **more: Any) -> httpx.Response:
    return await persist(
        lambda: system.orchestrator.post(f"/instances/{instance}/{operation}", json=WHY | more),
        f"{operation} of {instance}",
    )


@asynccontextmanager
async def purged_during_an_activity(system: System) -> AsyncIterator[str]:
    """Yield an instance that was purged, while its activity is under way until the end."""
    async with hanging_server() as (url, asked):
        instance, _ = await watch(system, url=url, interval_seconds=3600)
        await asked.wait()
        await act(system, instance, "terminate")
        await purge(system, instance)
        yield instance


async def purge(system: System, instance: str) -> httpx.Response:
    return await persist(
        lambda: system.orchestrator.delete(f"/instances/{instance}", params=WHY),
        f"purge of {instance}",
    )


async def no_jobs_of(stack: Stack, instance: str) -> None:
    """Return once the scheduler has no job of an instance."""

    async def none() -> bool | None:
        jobs = await pending_jobs(stack.etcd_url())
        return None if any(instance in job for job in jobs) else True

    await eventually(none, f"no job of {instance} to be pending")


async def test_a_start_while_the_scheduler_restarts_does_not_stay_pending(
    stack: Stack, system: System
) -> None:
    """Dapr before 1.18.4 can lose the wake-up of its first turn."""
    member, ids = somebody(), [unique() for _ in range(STARTS)]

    async def restart_scheduler() -> None:
        await stack.terminate("scheduler")
        await start_again(stack, "scheduler")

    await interrupt(system, ids, member, restart_scheduler)
    await assert_completed(system, ids)
    await assert_each_effect_once(system, ids, member)


async def test_a_terminate_among_other_events_is_not_lost(system: System) -> None:
    """Dapr before 1.18.4 loses one that comes in a turn with other events."""
    for _ in range(TERMINATED):
        instance = await system.start(
            "/onboardings",
            onboarding_id=unique(),
            customer_id=unique(),
            name="Ada",
            email=somebody(),
            verifier=somebody(),
        )
        await system.waiting(instance, "document")

        async def deliver(number: int, instance: str = instance) -> None:
            kind = ("identity_card", "proof_of_address")[number % 2]
            # It may have ended before this event, which is refused then.
            await system.send(instance, "document", kind=kind, reference=f"scan-{number}.pdf")

        events = [deliver(number) for number in range(EVENTS)]
        async with asyncio.TaskGroup() as group:
            for event in events:
                group.create_task(event)
            terminate = group.create_task(act(system, instance, "terminate"))
        ended = terminate.result()
        assert ended.json()["status"] == "TERMINATED"
        assert (await system.status(instance))["status"] == "TERMINATED"


async def test_a_terminate_while_suspended_is_not_lost(system: System) -> None:
    """Dapr before 1.18.4 keeps it until the instance is resumed."""
    instance = await system.purchase()
    await system.waiting(instance, "approval")
    await act(system, instance, "pause")
    await system.send(instance, "approval", approved=True, approver="dana")
    ended = await act(system, instance, "terminate")
    assert ended.json()["status"] == "TERMINATED"
    assert (await system.status(instance))["status"] == "TERMINATED"


async def test_a_purge_with_an_activity_under_way_leaves_no_reminder(
    stack: Stack, system: System
) -> None:
    """Dapr before 1.18.3 may leave one that fires each second without an end."""
    async with purged_during_an_activity(system) as instance:
        pass
    # What it asked has gone away, so that the activity ends.
    await no_jobs_of(stack, instance)
    assert (await system.orchestrator.get(f"/instances/{instance}")).status_code == 410


async def test_a_purge_with_an_activity_that_a_kill_ends_leaves_no_reminder(
    stack: Stack, system: System
) -> None:
    """The scheduler tries what the killed sidecar had from it again, until it is acknowledged."""
    async with purged_during_an_activity(system) as instance:
        await stack.kill("orchestrator-sidecar")
        await stack.kill("orchestrator")
        await start_again(stack, "orchestrator-sidecar", "orchestrator")
    await no_jobs_of(stack, instance)
    assert (await system.orchestrator.get(f"/instances/{instance}")).status_code == 410


async def test_a_start_under_an_id_that_is_being_purged_is_one_life_or_the_next(
    system: System,
) -> None:
    """A start may come before, during or after the purge: it is answered, and nothing is lost."""
    for _ in range(TERMINATED):
        member, name = somebody(), unique()
        start = partial(system.process, task_id=name, title="T", assignee=member)
        instance = (await start()).json()["instance_id"]
        await system.finished(instance)
        starts = [persist(start, f"start of {instance}") for _ in range(3)]
        await asyncio.gather(purge(system, instance), *starts)
        # Whatever came first, the next start is of a life that ends.
        await persist(start, f"start of {instance}")
        state = await system.finished(instance)
        assert (state["status"], state["output"]["status"]) == ("COMPLETED", "completed")
        keys = await system.notification_keys(member)
        assert len(keys) == len(set(keys)) == 2, keys
