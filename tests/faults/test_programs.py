"""Random programs end as their model says: the result, and each effect and compensation once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from stack import Stack
from support.programs.client import check, purge
from support.programs.deployment import hosting_programs, restart
from support.programs.program import Program
from support.system import System

SEED = 1
# Enough for some of each kind to be under way at a time.
AT_ONCE = 16


@pytest.fixture(scope="module", autouse=True)
async def _hosted(stack: Stack) -> AsyncIterator[None]:
    async with hosting_programs(stack):
        yield


def checks(
    system: System, programs: range, group: asyncio.TaskGroup
) -> list[asyncio.Task[list[str]]]:
    """Run the programs of these indices, so many at once; each returns what is wrong with it."""
    free = asyncio.Semaphore(AT_ONCE)

    async def checked(index: int) -> list[str]:
        async with free:
            return await check(system, Program.generate(SEED, index))

    return [group.create_task(checked(index)) for index in programs]


def wrong(checked: list[asyncio.Task[list[str]]]) -> list[str]:
    return [difference for task in checked for difference in task.result()]


async def test_programs_end_as_their_model_says(system: System) -> None:
    async with asyncio.TaskGroup() as group:
        checked = checks(system, range(100), group)
    assert wrong(checked) == []


async def test_programs_end_as_their_model_says_after_a_kill(stack: Stack, system: System) -> None:
    async with asyncio.TaskGroup() as group:
        checked = checks(system, range(100, 130), group)
        await asyncio.wait(checked, return_when=asyncio.FIRST_COMPLETED)
        assert sum(not task.done() for task in checked) > AT_ONCE
        await restart(stack)
    assert wrong(checked) == []


async def test_a_program_runs_anew_in_a_second_life(system: System) -> None:
    for program in [Program.generate(SEED, index) for index in range(130, 136)]:
        assert await check(system, program) == []
        assert await check(system, await purge(system, program)) == []
