"""Random programs end as their model says: what comes out, and each effect once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from stack import Stack
from support.programs.client import check
from support.programs.orchestrator import command
from support.programs.program import Program
from support.system import System

SEED = 1
COUNT = 100
# As many at once as the other tests have under way.
AT_ONCE = 16


@pytest.fixture
async def programs(stack: Stack) -> AsyncIterator[None]:
    """The orchestrator hosts programs besides its own workflows."""
    await stack.terminate("orchestrator")
    await stack.start("orchestrator", command())
    await stack.wait_ready()
    yield
    await stack.terminate("orchestrator")
    await stack.start("orchestrator")
    await stack.wait_ready()


@pytest.mark.usefixtures("programs")
async def test_programs_end_as_their_model_says(system: System) -> None:
    free = asyncio.Semaphore(AT_ONCE)

    async def checked(index: int) -> list[str]:
        async with free:
            return await check(system, Program.generate(SEED, index))

    async with asyncio.TaskGroup() as group:
        running = [group.create_task(checked(index)) for index in range(COUNT)]
    assert [difference for program in running for difference in program.result()] == []
