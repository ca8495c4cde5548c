"""A stack of the run's own, whose processes and connections fail."""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from stack import Stack, StackOptions
from stack.restart_policy import RestartPolicy
from support.fault_suite.client import Client
from support.fault_suite.faults import all_faults, long_faults
from support.fault_suite.leftovers import memory_mib, pending_jobs
from support.fault_suite.links import Links
from support.fault_suite.load import Load
from support.fault_suite.small_disk import small_disk
from support.fault_suite.target import Fault, Target
from support.fault_suite.under_test import Access, UnderTest
from support.programs.orchestrator import command
from support.stacks import connect_stack
from support.web import web_server

STARTUP_TIMEOUT = 120.0
"""Seconds that a process has to become ready on a machine that is busy with all this."""
NO_COMMANDS: Mapping[str, Sequence[str]] = {}
NO_ENV: Mapping[str, Mapping[str, str]] = {}


class SelfHosted(UnderTest[Target]):
    """The self-hosted processes, started for the run.

    Args:
        store: Their store.
        run_dir: Their data and logs.
        commands: Replace those of processes, as where their code is broken on purpose.
        env: Additional environment variables, by process.
    """

    def __init__(
        self,
        store: str,
        run_dir: Path,
        commands: Mapping[str, Sequence[str]] = NO_COMMANDS,
        env: Mapping[str, Mapping[str, str]] = NO_ENV,
    ) -> None:
        self._store = store
        self._run_dir = run_dir
        self._commands = commands
        self._env = env
        self._opened: tuple[Stack, Links] | None = None

    def run_name(self, seed: int) -> str:
        """Return the seed's: the system is new."""
        return f"s{seed}"

    def faults(self) -> list[Fault]:
        """Return those of the store."""
        return all_faults(self._store)

    def rare_faults(self) -> list[Fault]:
        """Return the long ones of the store."""
        return long_faults(self._store)

    @asynccontextmanager
    async def opened(self, faults: Sequence[Fault]) -> AsyncIterator[Access]:
        """Run a stack, with a proxy for each connection that one of the faults is on."""
        links = Links({fault.link for fault in faults if fault.link})
        async with AsyncExitStack() as resources:
            await resources.enter_async_context(links.listening())
            skipped = await self._skipped(faults, resources)
            stack = Stack(self._options(links))
            links.lead_to(stack)
            await resources.enter_async_context(stack)
            system = await resources.enter_async_context(connect_stack(stack))
            web = await resources.enter_async_context(web_server())
            self._opened = stack, links
            yield Access(stack.url("orchestrator"), system, web.url, skipped=skipped)

    def target(self, load: Load, client: Client) -> Target:
        """Return the stack with its connections."""
        return Target(load, client, self.stack, self._links)

    async def wait_ready(self) -> None:
        """Return when every process is ready."""
        await self.stack.wait_ready(None)

    async def pending_jobs(self) -> list[str] | None:
        """Return the jobs in the scheduler's etcd."""
        return await pending_jobs(self.stack.etcd_url())

    async def memory_mib(self) -> dict[str, float]:
        """Return the resident memory of each process."""
        return memory_mib(self.stack)

    @property
    def stack(self) -> Stack:
        """The stack, once it is open."""
        assert self._opened is not None
        return self._opened[0]

    @property
    def _links(self) -> Links:
        assert self._opened is not None
        return self._opened[1]

    async def _skipped(self, faults: Sequence[Fault], resources: AsyncExitStack) -> dict[str, str]:
        """Put the scheduler's data on a small disk, and return the faults that have none."""
        need = [fault.name for fault in faults if fault.small_disk]
        if not need:
            return {}
        why = await resources.enter_async_context(small_disk(self._run_dir / "scheduler"))
        return {} if why is None else dict.fromkeys(need, why)

    def _options(self, links: Links) -> StackOptions:
        env = {name: dict(variables) for name, variables in links.env().items()}
        for name, variables in self._env.items():
            env.setdefault(name, {}).update(variables)
        return StackOptions(
            run_dir=self._run_dir,
            store="redis" if self._store == "redis" else "sqlite",
            prefer_port=None,
            env=env,
            commands={"orchestrator": command(), **self._commands},
            # What ends by itself comes back, as in a cluster; and so is no end of the run.
            restart_all=True,
            # It does not give up, either: nothing starts while a machine is busy or a disk full.
            restarts=RestartPolicy(longest_pause=5.0, max_restarts=sys.maxsize),
            startup_timeout=STARTUP_TIMEOUT,
        )
