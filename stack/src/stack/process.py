"""One process of the stack: its log, its life and its end."""

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

from stack.errors import ProcessExitedError, StackError
from stack.guard import signal_group
from stack.guardian import Guardian

_TAIL_LINES = 15


class Stage(IntEnum):
    """When a process is stopped: the lowest first, for nothing may miss what it depends on."""

    SERVICE = 1
    SIDECAR = 2
    CONTROL_PLANE = 3
    BACKEND = 4


@dataclass(frozen=True)
class ProcessSpec:
    """What it takes to run a process.

    Args:
        name: How the stack calls it.
        command: The program and its arguments; nothing secret, for anyone can list them.
        stage: When it is stopped.
        ready: Says whether it does its work now.
        env: Added to the environment of the stack.
    """

    name: str
    command: Sequence[str]
    stage: Stage
    ready: Callable[[], Awaitable[bool]]
    env: Mapping[str, str] = field(default_factory=dict)


class Process:
    """Runs a spec, once or again and again, each time in a process group of its own.

    Args:
        spec: What to run.
        log: The file that takes its output; it grows over restarts.
        cwd: Where it runs.
        guardian: Ends the process when the stack dies without a chance to.
        on_exit: Called when the process ends although nobody asked it to.
    """

    def __init__(
        self,
        spec: ProcessSpec,
        log: Path,
        cwd: Path,
        guardian: Guardian,
        on_exit: Callable[[ProcessExitedError], None],
    ) -> None:
        self.spec = spec
        self.log = log
        self._cwd = cwd
        self._guardian = guardian
        self._on_exit = on_exit
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._ending = False
        self._log_start = 0
        self._started_at = self._ended_at = 0.0

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._watch is not None and not self._watch.done()

    @property
    def pid(self) -> int:
        """The process id.

        Raises:
            StackError: It does not run.
        """
        if self._process is None or not self.running:
            raise StackError(f"{self.spec.name} does not run.")
        return self._process.pid

    @property
    def uptime(self) -> float:
        """Seconds from its last start until now, or until it ended."""
        return (time.monotonic() if self.running else self._ended_at) - self._started_at

    async def start(self, command: Sequence[str] | None = None) -> None:
        """Start it; its end is watched from here on.

        Args:
            command: What to run this time in place of the spec's.

        Raises:
            StackError: It runs already, or its program cannot be started.
        """
        if self.running:
            raise StackError(f"{self.spec.name} runs already.")
        self._ending = False
        command = command or self.spec.command
        with self.log.open("ab") as output:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._log_start = output.tell()
            output.write(f"--- {now} {' '.join(command)}\n".encode())
            output.flush()
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd=self._cwd,
                    env={**inherited_environment(), **self.spec.env},
                    start_new_session=True,
                )
            except OSError as error:
                raise StackError(f"{self.spec.name} cannot be started: {error}") from error
        self._started_at = time.monotonic()
        self._guardian.watch(self._process.pid)
        self._watch = asyncio.create_task(self._wait(self._process), name=self.spec.name)

    async def terminate(self, grace: float) -> None:
        """Ask it to end, and make it after `grace` seconds; return when it has."""
        self.signal(signal.SIGTERM)
        if self._watch is not None:
            await asyncio.wait([self._watch], timeout=grace)
        await self.kill()

    async def kill(self) -> None:
        """End it at once, with whatever it started; return when it has."""
        self.signal(signal.SIGKILL)
        if self._watch is not None:
            await self._watch

    def signal(self, number: signal.Signals) -> None:
        """Send a signal that may end it; the end is then expected."""
        self._ending = True
        if self._process is not None and self.running:
            signal_group(self._process.pid, number)

    def tail(self) -> str:
        """Return the last lines that it logged since its start."""
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            lines.seek(self._log_start)
            return "".join(deque(lines, maxlen=_TAIL_LINES)).rstrip()

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self._ended_at = time.monotonic()
        # What it may have left behind must not outlive it.
        signal_group(process.pid, signal.SIGKILL)
        self._guardian.forget(process.pid)
        if not self._ending:
            self._on_exit(ProcessExitedError(self.spec.name, code, self.tail(), str(self.log)))


def inherited_environment() -> dict[str, str]:
    """Return the environment that every process gets.

    What the shell says to other Dapr applications is not for ours, and no proxy belongs between
    processes of one machine.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("DAPR_")}
    for name in ("NO_PROXY", "no_proxy"):
        env[name] = ",".join(filter(None, (env.get(name), "127.0.0.1", "localhost")))
    return env
