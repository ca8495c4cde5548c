"""The worker's connection to its sidecar, lost in ways that close no connection.

Each time the work continues by itself, and the sidecar is not restarted.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from dapr.ext.workflow import WorkflowStatus

from stack import Stack, StackOptions
from support.engine import workflow_client
from support.faults import assert_completed, assert_each_effect_once, interrupt
from support.monitors import checked, watch
from support.proxy import Proxy
from support.stacks import connect_stack
from support.system import System, eventually, somebody, unique
from support.web import web_server

COUNT = 20
REST_SECONDS = 5
FROZEN_SECONDS = 40
# Longer than it takes the worker to try again twice.
OUTAGE_SECONDS = 15
# How long the SDK's worker waits for the answer to its first Hello.
HELLO_SECONDS = 30


@dataclass(frozen=True)
class Outage:
    """What became of a lost connection.

    Args:
        seconds: From its beginning until an instance that was running has ended.
        same_sidecar: Whether the sidecar was not restarted meanwhile.
        status: How that instance has ended.
    """

    seconds: float
    same_sidecar: bool
    status: WorkflowStatus


@asynccontextmanager
async def behind_a_proxy(run_dir: Path) -> AsyncIterator[tuple[Stack, System, Proxy]]:
    """Run a stack whose orchestrator reaches its sidecar's gRPC port through a proxy."""
    async with AsyncExitStack() as resources:
        proxy = Proxy(lambda: stack.sidecar_grpc("orchestrator"))
        await resources.enter_async_context(proxy.listening())
        env = {"orchestrator": {"DAPR_GRPC_PORT": str(proxy.port)}}
        stack = Stack(StackOptions(run_dir=run_dir, prefer_port=None, env=env))
        await resources.enter_async_context(stack)
        system = await resources.enter_async_context(connect_stack(stack))
        yield stack, system, proxy


async def outage(run_dir: Path, break_: Callable[[Stack, Proxy], Awaitable[None]]) -> Outage:
    """Break a connection while an instance rests, and wait until that has ended."""
    async with behind_a_proxy(run_dir) as (stack, system, proxy):
        instance = await system.start(
            "/hello", hello_id=unique(), user_name="ada", rest_seconds=REST_SECONDS
        )
        await system.at_step(instance, "rest")
        began = time.monotonic()
        await break_(stack, proxy)
        sidecar = stack.pid("orchestrator-sidecar")
        # Asked past the proxy, for the orchestrator's own calls are lost, too.
        state = await workflow_client(stack).wait_for_workflow_completion(
            instance, timeout_in_seconds=180
        )
        assert state is not None
        return Outage(
            seconds=time.monotonic() - began,
            same_sidecar=stack.pid("orchestrator-sidecar") == sidecar,
            status=state.runtime_status,
        )


async def go_silent(stack: Stack, proxy: Proxy) -> None:
    proxy.silence()


async def go_silent_at_the_next_handshake(stack: Stack, proxy: Proxy) -> None:
    proxy.silence_after_first_answer = True
    await stack.kill("orchestrator-sidecar")
    await stack.start("orchestrator-sidecar")
    await stack.wait_ready("orchestrator-sidecar")
    await asyncio.sleep(OUTAGE_SECONDS)
    proxy.silence_after_first_answer = False


@dataclass(frozen=True)
class Freeze:
    """What became of a sidecar that was suspended while tasks and a batch were running.

    Args:
        same_sidecar: Whether it was not restarted for that.
        repeated_deliveries: How often a result was delivered again after a time-out.
        batch: How the batch has ended.
        monitor: What a monitor has found whose check ended meanwhile.
    """

    same_sidecar: bool
    repeated_deliveries: int
    batch: dict[str, Any]
    monitor: dict[str, Any]


async def in_the_middle_of(system: System, batch: str) -> None:
    """Wait until a chunk has done some documents of a batch, so that others are under way."""

    async def details(instance: str) -> dict[str, Any]:
        answer = await system.orchestrator.get(f"/instances/{instance}")
        status = answer.json()["custom_status"] if answer.status_code == 200 else None
        return status["details"] if status else {}

    async def look() -> bool | None:
        chunk = (await details(batch)).get("chunk")
        progress = await details(chunk) if chunk else {}
        return True if progress and 0 < progress["done"] < progress["of"] else None

    await eventually(look, f"{batch} to be in the middle of a chunk")


async def frozen(run_dir: Path) -> Freeze:
    options = StackOptions(run_dir=run_dir, prefer_port=None)
    async with web_server() as web, Stack(options) as stack:
        sidecar = stack.pid("orchestrator-sidecar")
        web.silent = True

        async def asked() -> bool | None:
            return True if web.requests else None

        async def freeze() -> None:
            await in_the_middle_of(system, batch)
            await eventually(asked, "the check of the monitor to be under way")
            os.kill(sidecar, signal.SIGSTOP)
            # The check needs no sidecar, so that its result is certainly delivered to a frozen one.
            web.speak()
            async with httpx.AsyncClient(trust_env=False) as stranger:
                with pytest.raises(httpx.ReadTimeout):
                    await stranger.get(f"{stack.sidecar_url('orchestrator')}/v1.0/healthz")
            await asyncio.sleep(FROZEN_SECONDS)
            os.kill(sidecar, signal.SIGCONT)

        async with connect_stack(stack) as system:
            documents = {"prefix": "sample", "count": 400, "parallelism": 20, "simulate": "slow"}
            batch = await system.start("/batches", batch_id=unique(), **documents)
            monitor, _ = await watch(system, url=web.url, interval_seconds=3600)
            member, ids = somebody(), [unique() for _ in range(COUNT)]
            await interrupt(system, ids, member, freeze)
            await assert_completed(system, ids)
            await assert_each_effect_once(system, ids, member)
            ended = await system.finished(batch)
            checks = await checked(system, monitor, 1)
        log = stack.log("orchestrator").read_text(errors="replace")
        return Freeze(
            same_sidecar=stack.pid("orchestrator-sidecar") == sidecar,
            repeated_deliveries=log.count("delivery of a result timed out"),
            batch=ended["output"],
            monitor=checks,
        )


@dataclass(frozen=True)
class Scenarios:
    """What happens meanwhile, all at the same time, for most of it is waiting."""

    silent: asyncio.Task[Outage]
    handshake: asyncio.Task[Outage]
    frozen: asyncio.Task[Freeze]


@pytest.fixture(scope="module")
async def scenarios(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scenarios]:
    folder = tmp_path_factory.mktemp
    async with asyncio.TaskGroup() as group:
        yield Scenarios(
            silent=group.create_task(outage(folder("silent"), go_silent)),
            handshake=group.create_task(
                outage(folder("handshake"), go_silent_at_the_next_handshake)
            ),
            frozen=group.create_task(frozen(folder("frozen"))),
        )


async def test_a_silent_connection_is_replaced(scenarios: Scenarios) -> None:
    found = await scenarios.silent
    assert found.status is WorkflowStatus.COMPLETED
    # Without the fault it would have ended after the rest.
    assert found.seconds > 2 * REST_SECONDS
    assert found.same_sidecar


async def test_a_handshake_that_is_never_answered_times_out(scenarios: Scenarios) -> None:
    found = await scenarios.handshake
    assert found.status is WorkflowStatus.COMPLETED
    assert found.seconds > HELLO_SECONDS
    assert found.same_sidecar


async def test_a_sidecar_that_was_suspended_gets_every_result(scenarios: Scenarios) -> None:
    found = await scenarios.frozen
    assert found.repeated_deliveries > 0
    assert (found.batch["status"], found.batch["done"]) == ("completed", 400)
    assert [check["status"] for check in found.monitor["results"]] == [200]
    assert found.same_sidecar
