"""A stack: its processes and their addresses."""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType

from stack.backends import redis_password
from stack.dapr_setup import provide_dapr
from stack.errors import ProcessExitedError, StackError
from stack.layout import APPS, FRONT, Ports, RunDirectory, address, resolve_run_directory, url
from stack.lock import RunDirectoryLock
from stack.log_tail import LogTail
from stack.options import StackOptions
from stack.orphan_reaper import OrphanReaper
from stack.output import Output
from stack.ports import PortBlock
from stack.process import Process, Stage
from stack.process_plan import plan_processes
from stack.process_table import ProcessTable
from stack.readiness import local_client
from stack.supervisor import Supervisor

_POLL_SECONDS = 0.05
_JAEGER_UI = 16686


class Stack:
    """The self-hosted processes, started on entry and stopped on exit.

    The names of the processes are `orchestrator`, `orchestrator-sidecar` and so on, `placement`,
    `scheduler`, and where they run `redis` and `jaeger`. A process keeps its ports over restarts.

    Args:
        options: How to run it.

    Raises:
        StackError: There can be no such run directory.
    """

    def __init__(self, options: StackOptions) -> None:
        self.options = options
        self.run = RunDirectory(resolve_run_directory(options.run_dir))
        self._processes: dict[str, Process] = {}
        self._resources = AsyncExitStack()
        self._failure: ProcessExitedError | None = None
        self._failed = asyncio.Event()
        self._supervisor = Supervisor(
            options.report, options.warn, self._fail, options.startup_timeout, options.restarts
        )
        self._table = ProcessTable(self.run, options.warn)
        self._up = False

    async def __aenter__(self) -> "Stack":
        try:
            await self._open()
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def up(self) -> bool:
        """Whether every process became ready once."""
        return self._up

    def url(self, app: str) -> str:
        """Return the base URL of a service, or of Jaeger's page."""
        return url(self._ports.jaeger_ui if app == "jaeger" else self._ports.apps[app].app)

    def sidecar_url(self, app: str) -> str:
        """Return the base URL of the Dapr API of an app's sidecar."""
        return url(self._ports.apps[app].http)

    def sidecar_grpc(self, app: str) -> str:
        """Return the address of the gRPC API of an app's sidecar."""
        return address(self._ports.apps[app].grpc)

    def redis_url(self) -> str:
        """Return the URL of Redis, with its password."""
        password = redis_password(self.run)
        return f"redis://:{password}@{address(self._ports.redis)}/0"

    def etcd_url(self) -> str:
        """Return the base URL of the scheduler's etcd, which has every pending job."""
        return url(self._ports.etcd_client)

    def has(self, name: str) -> bool:
        """Return whether this stack has such a process."""
        return name in self._processes

    def pid(self, name: str) -> int:
        """Return the process id.

        Raises:
            StackError: There is no such process, or it does not run.
        """
        return self._process(name).pid

    def log(self, name: str) -> Path:
        """Return the path of a process's log."""
        return self._process(name).log

    async def start(self, name: str, command: Sequence[str] | None = None) -> None:
        """Start a process that has ended, on its ports and data; see `wait_ready`.

        Args:
            name: The process.
            command: Replaces its own command this time, such as by another release.
        """
        await self._process(name).start(command)

    async def terminate(self, name: str) -> None:
        """Terminate a process (SIGTERM), and wait until it has ended."""
        await self._process(name).terminate(self.options.stop_timeout)

    async def kill(self, name: str) -> None:
        """Kill a process (SIGKILL), and wait until it has ended."""
        await self._process(name).kill()

    async def wait_ready(
        self,
        name: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - its end is an error with a log
    ) -> None:
        """Return when a process, or every one, is ready.

        Args:
            name: The process; None for all.
            timeout: Seconds; None for the options' `startup_timeout`.

        Raises:
            ProcessExitedError: A process ended instead.
            StackError: Time ran out; the message has the last lines of the log.
        """
        waited = [self._process(name)] if name else list(self._processes.values())
        limit = self.options.startup_timeout if timeout is None else timeout
        await self._wait_ready(waited, limit)

    async def wait_failure(self) -> ProcessExitedError:
        """Wait for the first process that ended unexpectedly and is not restarted."""
        await self._failed.wait()
        if self._failure is None:
            raise StackError("The stack reports a failure that it does not know.")
        return self._failure

    async def stop(self) -> None:
        """Stop every process, dependents first; repeating it has no effect."""
        await self._supervisor.close()
        for stage in Stage:
            ending = [p for p in self._processes.values() if p.spec.stage == stage]
            await asyncio.gather(*(p.terminate(self.options.stop_timeout) for p in ending))
        await self._resources.aclose()

    def kill_all(self) -> None:
        """Kill every process; `stop` then returns at once."""
        for process in self._processes.values():
            process.signal(signal.SIGKILL)

    async def _open(self) -> None:
        options, resources = self.options, self._resources
        dapr = options.dapr
        if dapr is None:
            dapr = await asyncio.to_thread(provide_dapr, os.environ, Output(stderr=True))
        options.report(f"Dapr {dapr.version} from {dapr.directory}")
        resources.enter_context(RunDirectoryLock(self.run.root))
        self.run.prepare()
        block = PortBlock.claim()
        resources.callback(block.close)
        self._ports = Ports.pick(block, options.prefer_port, _JAEGER_UI)
        if options.prefer_port not in (None, self._ports.apps[FRONT].app):
            options.report(
                f"Port {options.prefer_port} is taken: "
                f"the {FRONT} is at {self._ports.apps[FRONT].app}"
            )
        reaper = resources.enter_context(OrphanReaper())
        client = await resources.enter_async_context(local_client())
        for spec in plan_processes(options, dapr, self.run, self._ports, client):
            log = self.run.logs / f"{spec.name}.log"
            log.touch()
            self._processes[spec.name] = Process(
                spec, log, self.run.root, reaper, self._on_exit, self._list_processes
            )
        resources.callback(self._table.remove)
        if options.echo:
            logs = {name: process.log for name, process in self._processes.items()}
            await resources.enter_async_context(LogTail(logs, Output()))

    async def _start(self) -> None:
        """Start what sidecars need before them; services may start meanwhile."""
        everything = list(self._processes.values())
        sidecars = [p for p in everything if p.spec.stage == Stage.SIDECAR]
        first = [p for p in everything if p not in sidecars]
        base = [p for p in first if p.spec.stage != Stage.SERVICE]
        for process in first:
            await process.start()
        await self._wait_ready(base, self.options.startup_timeout)
        self.options.report(f"Ready: {', '.join(p.spec.name for p in base)}")
        for process in sidecars:
            await process.start()
        await self._wait_ready(everything, self.options.startup_timeout)
        self._up = True
        self.options.report("Ready: services and sidecars")

    async def _wait_ready(self, processes: list[Process], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for process in processes:
            await self._wait_one(process, deadline)

    async def _wait_one(self, process: Process, deadline: float) -> None:
        name = process.spec.name
        while not await process.spec.ready():
            if self._failure:
                raise self._failure
            if not process.running and not self._supervisor.busy:
                raise StackError(f"{name} does not run.")
            if time.monotonic() > deadline:
                raise StackError(
                    f"{name} was not ready in time. "
                    f"The last lines of {process.log}:\n{process.tail()}"
                )
            await asyncio.sleep(_POLL_SECONDS)
        process.mark_ready()

    def _list_processes(self) -> None:
        pids = {name: p.pid for name, p in self._processes.items() if p.running}
        data = {"store": self.options.store, "etcd": self.etcd_url()}
        if self.has("redis"):
            data["redis"] = address(self._ports.redis)
        self._table.write({app: self.url(app) for app in APPS}, pids, data)

    def _on_exit(self, error: ProcessExitedError) -> None:
        process = self._processes[error.name]
        # A sidecar may end on purpose: the orchestrator makes a wedged one exit.
        restarted = self.options.restart_all or process.spec.stage is Stage.SIDECAR
        # One that cannot even start has a mistake that a restart does not fix.
        if self._up and restarted:
            self._supervisor.restart(process, error)
        else:
            self._fail(error)

    def _fail(self, error: ProcessExitedError) -> None:
        self._failure = self._failure or error
        self._failed.set()

    def _process(self, name: str) -> Process:
        if name not in self._processes:
            raise StackError(f"No process {name!r}; there are {', '.join(self._processes)}.")
        return self._processes[name]
