"""One process of the stack, from its start to its end, with its log."""

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
from stack.orphan_reaper import OrphanReaper
from stack.orphan_reaper_main import signal_group

_TAIL_LINES = 15


class Stage(IntEnum):
    """The order in which processes are stopped: dependents, which are lower, first."""

    SERVICE = 1
    SIDECAR = 2
    CONTROL_PLANE = 3
    BACKEND = 4


@dataclass(frozen=True)
class ProcessSpec:
    """What it takes to run a process.

    Args:
        name: Its name in the stack.
        command: The program and its arguments; nothing secret, for anyone can list them.
        stage: Its place in the order of the shutdown.
        ready: Returns whether it is ready.
        env: Environment variables in addition to those of the stack.
    """

    name: str
    command: Sequence[str]
    stage: Stage
    ready: Callable[[], Awaitable[bool]]
    env: Mapping[str, str] = field(default_factory=dict)


class Process:
    """Runs a specification, each time in a new process group.

    Args:
        spec: The specification.
        log: The file that takes its output; restarts append to it.
        cwd: Its working directory.
        reaper: Ends the process when the stack is killed.
        on_exit: Called when the process ends unexpectedly.
        on_change: Called when it has started or ended, expected or not.
    """

    def __init__(
        self,
        spec: ProcessSpec,
        log: Path,
        cwd: Path,
        reaper: OrphanReaper,
        on_exit: Callable[[ProcessExitedError], None],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.spec = spec
        self.log = log
        self._cwd = cwd
        self._reaper = reaper
        self._on_exit = on_exit
        self._on_change = on_change
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._ending = False
        self._log_start = 0
        self._ready_at: float | None = None
        self._ended_at = 0.0

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
    def ready_for(self) -> float:
        """Seconds from `mark_ready` until now, or until it ended; 0 where it never was ready."""
        if self._ready_at is None:
            return 0.0
        return (time.monotonic() if self.running else self._ended_at) - self._ready_at

    def mark_ready(self) -> None:
        """Note that it is ready, as its `ready` found."""
        self._ready_at = self._ready_at or time.monotonic()

    async def start(self, command: Sequence[str] | None = None) -> None:
        """Start it, and watch for its end.

        Args:
            command: Replaces the command of the specification this time.

        Raises:
            StackError: It is already running, or its program cannot be started.
        """
        if self.running:
            raise StackError(f"{self.spec.name} is already running.")
        self._ending = False
        command = command or self.spec.command
        now = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            with self.log.open("ab") as output:
                self._log_start = output.tell()
                output.write(f"--- {now} {' '.join(command)}\n".encode(errors="replace"))
                output.flush()
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
        self._ready_at = None
        self._reaper.watch(self._process.pid)
        self._watch = asyncio.create_task(self._wait(self._process), name=self.spec.name)
        self._watch.add_done_callback(lambda _: self._on_change())
        self._on_change()

    async def terminate(self, grace: float) -> None:
        """Terminate it, and kill it after `grace` seconds; return when it has ended."""
        self.signal(signal.SIGTERM)
        if self._watch is not None:
            await asyncio.wait([self._watch], timeout=grace)
        await self.kill()

    async def kill(self) -> None:
        """Kill it with its process group; return when it has ended."""
        self.signal(signal.SIGKILL)
        if self._watch is not None:
            # Who waits here may be cancelled, and the process is watched all the same.
            await asyncio.shield(self._watch)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; its end is expected from now on."""
        self._ending = True
        if self._process is not None and self.running:
            signal_group(self._process.pid, number)

    def tail(self) -> str:
        """Return the last lines of its log since its start; the reason where it is unreadable."""
        try:
            with self.log.open(encoding="utf-8", errors="replace") as lines:
                lines.seek(self._log_start)
                return "".join(deque(lines, maxlen=_TAIL_LINES)).rstrip()
        except OSError as error:
            # Somebody may have removed it meanwhile; the process is watched all the same.
            return f"(cannot be read: {error.strerror})"

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        self._ended_at = time.monotonic()
        # Its children must not outlive it.
        signal_group(process.pid, signal.SIGKILL)
        self._reaper.forget(process.pid)
        if not self._ending:
            name, log = self.spec.name, str(self.log)
            self._on_exit(ProcessExitedError(name, process.pid, code, self.tail(), log))


def inherited_environment() -> dict[str, str]:
    """Return the environment that every process gets.

    Variables of other Dapr applications are left out, and no proxy is used between processes of
    one machine.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("DAPR_")}
    for name in ("NO_PROXY", "no_proxy"):
        env[name] = ",".join(filter(None, (env.get(name), "127.0.0.1", "localhost")))
    return env
