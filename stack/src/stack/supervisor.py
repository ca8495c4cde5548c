"""Restarts processes that end by themselves, as a cluster would.

honcho and supervisord were looked at: neither waits until a process is ready before it starts the
next, and neither leaves the ports free to choose.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from stack.errors import ProcessExitedError, StackError
from stack.process import Process
from stack.restart_policy import RestartPolicy

_POLL_SECONDS = 0.1


class Supervisor:
    """Restarts processes by a policy; those that keep ending are reported as failed.

    Args:
        report: Takes a line on each process that is ready again, for people.
        warn: Takes a line on each process that died, and on what becomes of it.
        fail: Takes the end of a process that is not restarted.
        startup_timeout: Seconds that a process has to become ready.
        policy: When, and how often, a process is restarted.
    """

    def __init__(
        self,
        report: Callable[[str], None],
        warn: Callable[[str], None],
        fail: Callable[[ProcessExitedError], None],
        startup_timeout: float,
        policy: RestartPolicy,
    ) -> None:
        self._report = report
        self._warn = warn
        self._fail = fail
        self._startup_timeout = startup_timeout
        self._policy = policy
        self._restarts: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Whether a process is being restarted."""
        return bool(self._tasks)

    def restart(self, process: Process, error: ProcessExitedError) -> None:
        """Restart a process that ended with `error`, unless it does not stay up."""
        if self._closed.is_set():
            return
        if self._policy.was_stable(process.ready_for, error.code):
            self._restarts[error.name] = 0
        self._again(process, error, error.ended)

    def _again(self, process: Process, error: ProcessExitedError, why: str) -> None:
        name, most = process.spec.name, self._policy.max_restarts
        self._restarts[name] += 1
        count = self._restarts[name]
        if count > most:
            self._warn(
                f"{why}: giving it up, for it was restarted {most} times in a row and never "
                f"stayed ready for {self._policy.stable_after:g} s"
            )
            self._fail(error)
            return
        pause = self._policy.pause(count)
        when = f" in {pause:g} s (restart {count} of {most})" if pause else ""
        self._warn(f"{why}: restarting it{when}")
        task = asyncio.create_task(self._restart(process, error, pause), name=f"restart {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Restart nothing from now on; return when no restart is under way."""
        self._closed.set()
        await asyncio.gather(*self._tasks)

    async def _restart(self, process: Process, error: ProcessExitedError, pause: float) -> None:
        name, began = process.spec.name, time.monotonic()
        if await self._closed_within(pause):
            return
        try:
            await process.start()
        except StackError as reason:
            # Such as a disk that is full now, or a program that is being replaced.
            self._again(process, error, str(reason))
            return
        late = False
        while process.running and not await process.spec.ready():
            if not late and time.monotonic() > began + pause + self._startup_timeout:
                late = True
                self._warn(f"{name} is not ready after {self._startup_timeout:g} s: {process.log}")
            if await self._closed_within(_POLL_SECONDS):
                return
        if process.running:
            process.mark_ready()
            seconds = time.monotonic() - began
            self._report(f"{name} is ready again after {seconds:.1f} s (pid {process.pid})")

    async def _closed_within(self, seconds: float) -> bool:
        """Wait, and say whether the supervisor was closed meanwhile."""
        try:
            await asyncio.wait_for(self._closed.wait(), seconds)
        except TimeoutError:
            # A pause of no length ends so, even where it was closed before.
            return self._closed.is_set()
        return True
