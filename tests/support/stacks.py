"""Stacks of the tests: the self-hosted processes, and clients of their APIs."""

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from stack import Stack, StackOptions
from stack.postgresql import postgresql_programs
from support.system import SERVICES, System, connect


@asynccontextmanager
async def connect_stack(stack: Stack) -> AsyncIterator[System]:
    """Yield clients of the services of a stack."""
    async with connect({name: stack.url(name) for name in SERVICES}) as system:
        yield system


@asynccontextmanager
async def running(
    run_dir: Path, env: Mapping[str, Mapping[str, str]]
) -> AsyncIterator[tuple[Stack, System]]:
    """Run a stack on free ports.

    Args:
        run_dir: Where its data and logs are.
        env: Additional environment variables, by process.
    """
    options = StackOptions(run_dir=run_dir, prefer_port=None, env=env)
    async with Stack(options) as stack, connect_stack(stack) as system:
        yield stack, system


def kept_for(seconds: float) -> dict[str, str]:
    """Return the settings of an orchestrator that keeps for seconds what has ended."""
    days = str(timedelta(seconds=seconds) / timedelta(days=1))
    return {
        "COMPLETED_KEPT_DAYS": days,
        "FAILED_KEPT_DAYS": days,
        "RETENTION_SWEEP_SECONDS": "0.5",
    }


def require_store(store: str) -> None:
    """Skip the test where a stack cannot run over the store here; in CI, let it fail."""
    missing = {
        "redis": shutil.which("redis-server") is None,
        "postgresql": postgresql_programs() is None,
    }
    if not missing.get(store, False):
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI must have {store}")
    pytest.skip(f"needs {store} on this machine")


async def restart(stack: Stack, victim: str) -> None:
    """Kill a process, start it again, and wait until the whole stack is ready."""
    await stack.kill(victim)
    await start_again(stack, victim)


async def start_again(stack: Stack, *names: str) -> None:
    """Start processes that have ended, and wait until the whole stack is ready."""
    for name in names:
        await stack.start(name)
    await stack.wait_ready(None)


async def terminate_uncut(stack: Stack, name: str) -> None:
    """Terminate a service, which must not have to cut off an open stream for that."""
    before = stack.log(name).read_text(errors="replace")
    await stack.terminate(name)
    said = stack.log(name).read_text(errors="replace").removeprefix(before)
    assert "Shutting down" in said
    # Uvicorn would have said so after 10 s.
    assert "graceful shutdown exceeded" not in said
