"""Whatever happens to a schedule at once, its record, the list and its job agree afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

import pytest
from unit_support.schedules import DAILY, OFTEN, World

from contracts.problems import ProblemType
from servicekit.problems import ProblemError

YEARLY = DAILY.model_copy(update={"cron": "0 0 1 1 *"})
REQUESTS = (DAILY, OFTEN, YEARLY)
SECOND = timedelta(seconds=1)
SEEDS = [range(start, start + 50) for start in range(0, 150, 50)]
Operation = Callable[[], Awaitable[object]]


def operations(world: World, chance: Random) -> list[Operation]:
    """Return some operations on one schedule, to be done at once."""
    scheduler = world.scheduler
    due = [job for job in world.jobs.jobs.values() if job.due <= world.now]
    choices: list[Operation] = [
        lambda: scheduler.delete("plants"),
        lambda: scheduler.pause("plants"),
        lambda: scheduler.resume("plants"),
        world.reconciler.reconcile,
        *(lambda request=request: world.put(request) for request in REQUESTS),
        *(lambda job=job: world.trigger(job) for job in due),
    ]
    return chance.choices(choices, k=chance.randint(2, 5))


async def at_once(work: list[Operation], chance: Random) -> None:
    """Run operations, each some turns of the event loop after the other."""

    async def later(operation: Operation, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        try:
            await operation()
        except ProblemError as refused:
            if refused.type is not ProblemType.NOT_FOUND:
                raise

    await asyncio.gather(*(later(operation, chance.randint(0, 9)) for operation in work))


@pytest.mark.parametrize("seeds", SEEDS)
async def test_a_schedule_its_listing_and_its_job_agree(seeds: range) -> None:
    for seed in seeds:
        world, chance = World(), Random(seed)  # noqa: S311 - for variety, not for secrets
        await world.put(OFTEN, "other")
        for _ in range(4):
            await world.put(chance.choice(REQUESTS))
            [*_, due] = world.jobs.due() or [world.now]
            world.now = chance.choice((world.now, max(world.now, due - SECOND), due))
            await at_once(operations(world, chance), chance)
            await agree(world)


@pytest.mark.parametrize("seeds", SEEDS)
async def test_two_replicas_agree_once_they_are_reconciled(seeds: range) -> None:
    """A lock holds in one process only: between replicas the list is right, and the job soon."""
    for seed in seeds:
        world, chance = World(), Random(seed)  # noqa: S311 - for variety, not for secrets
        await world.put(chance.choice(REQUESTS))
        first = operations(world, chance)
        world.restart()
        await at_once(first + operations(world, chance), chance)
        assert ("plants" in await world.ids()) is await exists(world)
        await world.reconciler.reconcile()
        await agree(world)


async def exists(world: World) -> bool:
    try:
        await world.scheduler.get("plants")
    except ProblemError:
        return False
    return True


async def agree(world: World) -> None:
    """Check that there is no ghost, and a job at the next run; one that is due soon may be left."""
    found = await exists(world)
    assert ("plants" in await world.ids()) is found
    next_at = (await world.scheduler.get("plants")).next_at if found else None
    assert next_at is None or next_at in world.jobs.due()
    soon = world.now + timedelta(seconds=15)
    assert [due for due in world.jobs.due() if due != next_at and due > soon] == []
