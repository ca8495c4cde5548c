"""A process that is suspended, so that no connection ends: each request is answered in time."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from stack import Stack, StackOptions
from support.routes import RouteRequest, plausible_requests
from support.stacks import connect_stack, require_store
from support.system import System, eventually, somebody, unique

# Shorter than the defaults, for the tests to be so.
READ, OPERATION, REQUEST = 1, 2, 6
LIMITS = {
    "READ_TIMEOUT_SECONDS": str(READ),
    "OPERATION_TIMEOUT_SECONDS": str(OPERATION),
    "START_TIMEOUT_SECONDS": str(OPERATION),
    "REQUEST_TIMEOUT_SECONDS": str(REQUEST),
    "PEER_TIMEOUT_SECONDS": str(OPERATION),
}
# What a busy machine adds to the time of a request.
SLACK = 6
RESTING = 60
CLIENTS = 20
MOST_GROWTH_MIB = 40
# How long a caller waits before it repeats what was answered 503, at most.
LONGEST_RETRY_AFTER = 60


@pytest.fixture(scope="module")
async def stack_and_system(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Stack, System]]:
    """A stack over Redis with short time limits, and instances that run."""
    require_store("redis")
    options = StackOptions(
        run_dir=tmp_path_factory.mktemp("frozen"),
        store="redis",
        prefer_port=None,
        env={"orchestrator": LIMITS},
    )
    async with Stack(options) as stack, connect_stack(stack) as system:
        hello = {"user_name": "ada", "rest_seconds": 3_600}
        for _ in range(RESTING // 10):
            await asyncio.gather(
                *(system.start("/hello", hello_id=unique(), **hello) for _ in range(10))
            )
        yield stack, system


@dataclass(frozen=True)
class Answer:
    """How a request was answered."""

    request: RouteRequest
    status: int
    retry_after: str | None
    seconds: float


async def ask(client: httpx.AsyncClient, request: RouteRequest) -> Answer:
    began = time.monotonic()
    async with client.stream(
        request.method, request.path, params=request.params, json=request.body
    ) as answer:
        if not request.streams:
            await answer.aread()
        return Answer(
            request,
            answer.status_code,
            answer.headers.get("retry-after"),
            time.monotonic() - began,
        )


async def page_until(client: httpx.AsyncClient, ended: asyncio.Event) -> list[int]:
    """Request the list again and again; return the status of each answer."""
    statuses = []
    while not ended.is_set():
        answer = await client.get("/instances", params={"limit": 200})
        statuses.append(answer.status_code)
    return statuses


def memory_mib(pid: int) -> float:
    """Return how much memory a process has that is not on disk."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


@asynccontextmanager
async def suspended(stack: Stack, victim: str) -> AsyncIterator[None]:
    """Suspend a process as long as the context lasts."""
    pid = stack.pid(victim)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("victim", ["orchestrator-sidecar", "redis", "scheduler"])
async def test_each_route_is_answered_in_time(
    stack_and_system: tuple[Stack, System], victim: str
) -> None:
    stack, system = stack_and_system
    api = system.orchestrator
    instance = await system.purchase()
    openapi = (await api.get("/openapi.json")).json()
    requests = list(plausible_requests(openapi, instance))
    # One connection a request, and one a client that pages.
    limits = httpx.Limits(max_connections=len(requests) + CLIENTS)
    async with httpx.AsyncClient(
        base_url=api.base_url, limits=limits, timeout=REQUEST + SLACK, trust_env=False
    ) as client:
        before, ended = memory_mib(stack.pid("orchestrator")), asyncio.Event()
        async with suspended(stack, victim), asyncio.TaskGroup() as group:
            paging = [group.create_task(page_until(client, ended)) for _ in range(CLIENTS)]
            answers = await asyncio.gather(*(ask(client, request) for request in requests))
            ended.set()
        after = memory_mib(stack.pid("orchestrator"))

    assert 503 in {answer.status for answer in answers}, "what needs it says so"
    wrong = [
        answer
        for answer in answers
        if answer.status >= 500 and (answer.status != 503 or answer.retry_after is None)
    ]
    assert wrong == []
    assert all(int(a.retry_after or 0) <= LONGEST_RETRY_AFTER for a in answers)
    assert {status for statuses in (task.result() for task in paging) for status in statuses} == {
        200
    }
    assert after - before < MOST_GROWTH_MIB
    assert max(answer.seconds for answer in answers) < REQUEST + SLACK

    await works(system)


async def works(system: System) -> None:
    """Wait until a task completes; a start that is answered 503 is repeated, as a client does."""
    task = {"task_id": unique(), "title": "T", "assignee": somebody()}

    async def started() -> bool | None:
        answer = await system.process(**task)
        assert answer.status_code in (200, 202, 503), answer.text
        return answer.is_success or None

    await eventually(started, "a start to be accepted")
    ended = await system.finished(f"task-{task['task_id']}")
    assert ended["status"] == "COMPLETED"
    assert (await system.orchestrator.get("/readyz")).is_success
