"""Runs the background tasks of a service, and restarts each that fails.

A task that ends by an unexpected exception would otherwise end unnoticed: nobody awaits it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from opentelemetry import metrics

from servicekit.readiness import Readiness

log = structlog.get_logger(__name__)

FAILURES = metrics.get_meter("taskway").create_counter(
    "taskway.background.failures",
    description="Background tasks that failed and were restarted, by task",
)
FAILED = "background task failed, restarting it"


@dataclass(frozen=True)
class Backoff:
    """How a background task is restarted.

    Args:
        first_seconds: The pause after the first failure; it doubles with each further one.
        longest_seconds: The longest pause.
        settled_seconds: A run that lasted so long has recovered: its failures are forgotten.
        tolerated_failures: More failures in a row than these make the service not ready.
    """

    first_seconds: float = 1.0
    longest_seconds: float = 60.0
    settled_seconds: float = 30.0
    tolerated_failures: int = 2

    def pause(self, failures: int) -> float:
        """Return the seconds to wait after so many failures in a row."""
        # Not by the power alone: it overflows where a task fails for weeks.
        doublings = min(failures - 1, 32)
        return min(self.first_seconds * 2.0**doublings, self.longest_seconds)


class Supervisor:
    """The background tasks of a service; one that keeps failing makes the service not ready."""

    def __init__(
        self,
        readiness: Readiness,
        backoff: Backoff | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create it without tasks.

        Args:
            readiness: Gets a check for each task.
            backoff: How a task is restarted.
            now: Returns the time in seconds, from any point in time.
        """
        self._readiness = readiness
        self._backoff = backoff or Backoff()
        self._now = now

    @asynccontextmanager
    async def running(self, name: str, run: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Run a task until it returns, at most as long as the context lasts.

        Args:
            name: Its name in logs, metrics and readiness, such as `index-poll`; of a fixed set.
            run: The task. Each exception that it lets pass is logged and counted, and it is called
                again after a pause.
        """
        supervised = _Task(name, run, self._backoff, self._now)
        self._readiness.add(supervised.why_not_ready)
        task = asyncio.create_task(supervised.run(), name=name)
        try:
            yield
        finally:
            self._readiness.remove(supervised.why_not_ready)
            task.cancel()
            await asyncio.wait([task])


class _Task:
    """One background task."""

    def __init__(
        self,
        name: str,
        run: Callable[[], Awaitable[None]],
        backoff: Backoff,
        now: Callable[[], float],
    ) -> None:
        self._name = name
        self._run = run
        self._backoff = backoff
        self._now = now
        self._failures = 0
        self._running_since: float | None = None

    async def why_not_ready(self) -> str | None:
        """Return that the task keeps failing; None where it runs, or failed a few times only."""
        if self._failures <= self._backoff.tolerated_failures or self._settled():
            return None
        return f"the background task {self._name} keeps failing"

    async def run(self) -> None:
        """Run the task, again after each failure, until it returns."""
        while True:
            self._running_since = self._now()
            try:
                await self._run()
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                # Something that the task awaited was cancelled, and not the task.
                self._count_failure()
                log.exception(FAILED, task=self._name, failures=self._failures)
            except Exception:
                self._count_failure()
                log.exception(FAILED, task=self._name, failures=self._failures)
            else:
                self._failures = 0
                return
            await asyncio.sleep(self._backoff.pause(self._failures))

    def _count_failure(self) -> None:
        self._failures = 1 if self._settled() else self._failures + 1
        self._running_since = None
        FAILURES.add(1, {"task": self._name})

    def _settled(self) -> bool:
        began = self._running_since
        return began is not None and self._now() - began >= self._backoff.settled_seconds
