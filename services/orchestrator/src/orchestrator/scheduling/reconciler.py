"""Repairs what is lost between the schedules and the jobs of Dapr's scheduler.

The scheduler may have lost its data, and a process may have ended between a record and its job.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog

from orchestrator.scheduling.armed_jobs import ArmedJobs
from orchestrator.scheduling.clock import Clock
from orchestrator.scheduling.scheduler import Scheduler
from orchestrator.scheduling.store import ScheduleStore
from servicekit.background import Supervisor
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

log = structlog.get_logger(__name__)

RETRY_SECONDS = 2.0


class Reconciler:
    """Compares the schedules with the jobs periodically, and creates those that are missing."""

    def __init__(
        self,
        schedules: ScheduleStore,
        scheduler: Scheduler,
        jobs: ArmedJobs,
        pause_seconds: float,
        now: Clock,
    ) -> None:
        """Prepare to compare.

        Args:
            schedules: The store of the schedules.
            scheduler: Arms a schedule.
            jobs: Dapr's scheduler.
            pause_seconds: Between two comparisons.
            now: Returns the time in UTC.
        """
        self._schedules = schedules
        self._scheduler = scheduler
        self._jobs = jobs
        self._pause_seconds = pause_seconds
        self._now = now
        self._late = timedelta()

    @asynccontextmanager
    async def running(self, supervisor: Supervisor) -> AsyncIterator[None]:
        """Reconcile periodically as long as the context lasts.

        Args:
            supervisor: Restarts what fails.
        """
        async with supervisor.running("schedule-reconciler", self._reconcile_periodically):
            yield

    def late_seconds(self) -> float:
        """Return how late the run that is due first was at the last comparison, or 0."""
        return max(0.0, self._late.total_seconds())

    async def reconcile(self) -> bool:
        """Arm each next run that has no job, and delete the jobs of what is no next run.

        Returns:
            Whether all of that was done.

        Raises:
            ProblemError: The scheduler does not answer (503).
            StoreUnavailable: The store does not respond.
        """
        ids = set(await self._schedules.ids())
        wanted: set[tuple[str, datetime]] = set()
        async for schedule in self._schedules.all():
            ids.discard(schedule.id)
            if schedule.next_at is not None:
                wanted.add((schedule.id, schedule.next_at))
        now = self._now()
        self._late = now - min((due for _, due in wanted), default=now)
        jobs = await self._jobs.all()
        armed = {(job.schedule_id, job.due) for job in jobs}
        # An id without a schedule is what a process left that ended between two writes.
        lost = ids | {name for name, _ in wanted - armed}
        stale = [job for job in jobs if (job.schedule_id, job.due) not in wanted]
        done = [await self._succeeds(self._scheduler.rearm(name)) for name in sorted(lost)]
        done += [await self._succeeds(self._scheduler.disarm(job)) for job in stale]
        return all(done)

    async def reconcile_and_pause(self) -> float:
        """Reconcile, and return the seconds until the next time: sooner where it failed."""
        done = False
        try:
            done = await self.reconcile()
        except (ProblemError, StoreUnavailable) as error:
            log.warning("schedules and jobs could not be compared", error=str(error))
        return self._pause_seconds if done else min(self._pause_seconds, RETRY_SECONDS)

    async def _succeeds(self, repair: Awaitable[None]) -> bool:
        try:
            await repair
        except (ProblemError, StoreUnavailable) as error:
            # One schedule that fails must not keep the others from their jobs.
            log.warning("schedule and job do not agree yet", error=str(error))
            return False
        return True

    async def _reconcile_periodically(self) -> None:
        while True:
            pause = await self.reconcile_and_pause()
            await asyncio.sleep(pause)
