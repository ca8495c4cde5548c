"""Restarts processes that end by themselves, as a cluster would.

honcho and supervisord were looked at: neither waits until a process is ready before it starts the
next, and neither leaves the ports free to choose.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from stack.errors import ProcessExitedError, StackError
from stack.process import Process

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class RestartPolicy:
    """When, and how often, a process is restarted.

    The first restart comes at once, and the pause before each later one is doubled, as
    Kubernetes' CrashLoopBackOff does it, with shorter times: a person is watching.

    Args:
        first_pause: Seconds before the second restart in a row.
        longest_pause: Seconds, at most.
        max_restarts: In a row; a process that ends once more fails.
        stable_after: Seconds after which a process counts as stable: the next restart is a first.
    """

    first_pause: float = 1.0
    longest_pause: float = 30.0
    max_restarts: int = 5
    stable_after: float = 60.0

    def pause(self, restart: int) -> float:
        """Return the seconds before a restart, which is the first, second and so on in a row."""
        if restart == 1:
            return 0.0
        return min(self.first_pause * 2.0 ** (restart - 2), self.longest_pause)


class Supervisor:
    """Restarts processes by a policy; those that keep ending are reported as failed.

    Args:
        report: Takes a line on each restart, for people.
        fail: Takes the end of a process that is not restarted.
        startup_timeout: Seconds that a process has to become ready.
        policy: When, and how often, a process is restarted.
    """

    def __init__(
        self,
        report: Callable[[str], None],
        fail: Callable[[ProcessExitedError], None],
        startup_timeout: float,
        policy: RestartPolicy | None = None,
    ) -> None:
        self._report = report
        self._fail = fail
        self._startup_timeout = startup_timeout
        self._policy = policy or RestartPolicy()
        self._restarts: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Whether a process is being restarted."""
        return bool(self._tasks)

    def restart(self, process: Process, error: ProcessExitedError) -> None:
        """Restart a process that ended with `error`, unless it did so too often."""
        if process.uptime >= self._policy.stable_after:
            self._restarts[error.name] = 0
        self._restarts[error.name] += 1
        count = self._restarts[error.name]
        if self._closed.is_set():
            return
        if count > self._policy.max_restarts:
            self._report(f"{error.name} {error.ended}: not restarting it again")
            self._fail(error)
            return
        pause = self._policy.pause(count)
        when = f" in {pause:g} s (restart {count} of {self._policy.max_restarts})" if pause else ""
        self._report(f"{error.name} {error.ended}: restarting it{when}")
        task = asyncio.create_task(
            self._restart(process, error, pause), name=f"restart {error.name}"
        )
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
            self._report(str(reason))
            self._fail(error)
            return
        while process.running and not await process.spec.ready():
            if time.monotonic() > began + pause + self._startup_timeout:
                self._report(
                    f"{name} is not ready after {self._startup_timeout:g} s: {process.log}"
                )
                return
            if await self._closed_within(_POLL_SECONDS):
                return
        if process.running:
            self._report(f"{name} is ready again after {time.monotonic() - began:.1f} s")

    async def _closed_within(self, seconds: float) -> bool:
        """Wait, and say whether the supervisor was closed meanwhile."""
        try:
            await asyncio.wait_for(self._closed.wait(), seconds)
        except TimeoutError:
            # A pause of no length ends so, even where it was closed before.
            return self._closed.is_set()
        return True
