"""The orchestrator of a running stack, with programs for a while."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from stack import Stack
from support.programs.orchestrator import command


@asynccontextmanager
async def hosting_programs(stack: Stack) -> AsyncIterator[None]:
    """Have the orchestrator host programs besides its own workflows."""
    await stack.terminate("orchestrator")
    await start_again(stack)
    yield
    await stack.terminate("orchestrator")
    await stack.start("orchestrator")
    await stack.wait_ready()


async def restart(stack: Stack) -> None:
    """Kill the orchestrator, and start it again with programs."""
    await stack.kill("orchestrator")
    await start_again(stack)


async def start_again(stack: Stack) -> None:
    """Start the orchestrator with programs, and wait until the whole stack is ready."""
    await stack.start("orchestrator", command())
    await stack.wait_ready()
