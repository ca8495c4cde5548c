"""Where the data of a run directory is read from: its running processes, or some of its own."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from stack import backends, dapr_processes
from stack.dapr_binaries import DaprBinaries
from stack.errors import StackError
from stack.layout import Ports, RunDirectory, address, url
from stack.lock import RunDirectoryLock
from stack.options import Store
from stack.orphan_reaper import OrphanReaper
from stack.ports import PortBlock
from stack.process import Process, ProcessSpec
from stack.readiness import local_client

_POLL_SECONDS = 0.05
_READY_SECONDS = 60.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Source:
    """The data of a run directory.

    Args:
        run: The run directory.
        store: Its state store.
        etcd: The base URL of the scheduler's etcd.
        redis: host:port of Redis; empty where the store is SQLite.
    """

    run: RunDirectory
    store: Store
    etcd: str
    redis: str = ""

    @property
    def files(self) -> list[Path]:
        """The SQLite files."""
        return sorted(self.run.data.glob("*.db"))


@asynccontextmanager
async def open_source(run: RunDirectory, store: Store, dapr: DaprBinaries) -> AsyncIterator[Source]:
    """Yield the data of a stack that runs, or else of the run directory that one left.

    Args:
        run: The run directory.
        store: Its state store, where no stack runs; one that runs has its own.
        dapr: The programs; of a stack that has stopped the scheduler runs meanwhile, and Redis.

    Raises:
        StackError: There is no such data, or a process cannot be reached.
    """
    if not run.scheduler.is_dir():
        raise StackError(f"{run.root} has no data of a stack.")
    async with AsyncExitStack() as resources:
        try:
            resources.enter_context(RunDirectoryLock(run.root))
        except StackError:
            source = _running(run)
            _require_own_data(source.store)
            yield source
            return
        _require_own_data(store)
        _require_data(run, store)
        yield await resources.enter_async_context(_started(run, store, dapr))


@asynccontextmanager
async def scheduler_alone(run: RunDirectory, dapr: DaprBinaries) -> AsyncIterator[str]:
    """Run the scheduler of a run directory, and nothing else; yield the base URL of its etcd.

    Raises:
        StackError: It does not become ready.
    """
    async with alone(run, lambda ports, client: [_scheduler(run, dapr, ports, client)]) as ports:
        yield url(ports.etcd_client)


def _scheduler(
    run: RunDirectory, dapr: DaprBinaries, ports: Ports, client: httpx.AsyncClient
) -> ProcessSpec:
    return dapr_processes.scheduler(dapr, ports, run.scheduler, client)


@asynccontextmanager
async def _started(run: RunDirectory, store: Store, dapr: DaprBinaries) -> AsyncIterator[Source]:
    """Run what answers for the data of a stack that has stopped."""

    def plan(ports: Ports, client: httpx.AsyncClient) -> list[ProcessSpec]:
        specs = [_scheduler(run, dapr, ports, client)]
        if store == "redis":
            specs.append(backends.redis(run, ports, backends.redis_password(run)))
        return specs

    async with alone(run, plan) as ports:
        redis = address(ports.redis) if store == "redis" else ""
        yield Source(run, store, url(ports.etcd_client), redis)


@asynccontextmanager
async def alone(
    run: RunDirectory, plan: Callable[[Ports, httpx.AsyncClient], list[ProcessSpec]]
) -> AsyncIterator[Ports]:
    """Run some processes of a stack and none that changes its data, and yield their ports.

    Args:
        run: The run directory.
        plan: Returns the processes, from the ports and a client for their checks.

    Raises:
        StackError: One of them does not become ready.
    """
    run.prepare()
    async with AsyncExitStack() as resources:
        block = PortBlock.claim()
        resources.callback(block.close)
        ports = Ports.pick(block, None, None)
        client = await resources.enter_async_context(local_client())
        reaper = resources.enter_context(OrphanReaper())
        for spec in plan(ports, client):
            log = run.logs / f"{spec.name}.log"
            # One that ends is noticed by its check.
            process = Process(spec, log, run.root, reaper, lambda _: None)
            await process.start()
            resources.push_async_callback(process.terminate, _STOP_SECONDS)
            await _wait_ready(process)
        yield ports


async def _wait_ready(process: Process) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not await process.spec.ready():
        if not process.running or time.monotonic() > deadline:
            raise StackError(
                f"{process.spec.name} does not become ready. "
                f"The last lines of {process.log}:\n{process.tail()}"
            )
        await asyncio.sleep(_POLL_SECONDS)


def _running(run: RunDirectory) -> Source:
    """Return the data of the stack that has the run directory."""
    try:
        data = json.loads(run.processes.read_text(encoding="utf-8"))["data"]
        return Source(run, data["store"], data["etcd"], data.get("redis", ""))
    except (OSError, ValueError, KeyError) as error:
        raise StackError(
            f"The stack in {run.root} is starting or stopping: there is no list of its processes "
            f"({error}). Try again."
        ) from error


def _require_own_data(store: Store) -> None:
    """Fail where the store's data is a server's own matter."""
    if store == "postgresql":
        raise StackError(
            "PostgreSQL is backed up by its own programs, such as pg_dump. With its data restored, "
            "the orchestrator creates the wake-ups in the scheduler again."
        )


def _require_data(run: RunDirectory, store: Store) -> None:
    """Fail where a run directory has nothing in this store: an empty backup helps nobody."""
    there = any(run.data.glob("*.db")) if store == "sqlite" else any(run.redis.glob("append*"))
    if not there:
        raise StackError(f"{run.root} has no data in {store}: name the other store by STORE.")
