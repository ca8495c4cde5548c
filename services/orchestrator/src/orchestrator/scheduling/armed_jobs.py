"""Keeps the jobs of Dapr's scheduler in step with the schedules."""

from datetime import datetime, timedelta
from typing import Protocol

import structlog

from orchestrator.scheduling.clock import Clock
from orchestrator.scheduling.dapr_jobs import ArmedJob, job_name
from orchestrator.scheduling.store import Changed
from orchestrator.schemas.schedules import Schedule
from servicekit.problems import ProblemError

log = structlog.get_logger(__name__)


class Jobs(Protocol):
    """Dapr's scheduler, with a job for the next run of each schedule."""

    async def arm(self, schedule_id: str, due: datetime) -> None:
        """Have the run fired at that time, until that succeeds, unless it is armed already."""

    async def disarm(self, name: str) -> None:
        """Delete a job, if there is one."""

    async def armed(self) -> list[ArmedJob]:
        """Return all jobs."""


class ArmedJobs:
    """Creates the jobs of runs that are due, and deletes those of runs that no longer are.

    A scheduler before Dapr 1.18.5 ends where a job is deleted as it triggers, or is retried. So a
    job is deleted only well before it is due; a later one triggers, and is ignored.
    """

    def __init__(
        self,
        jobs: Jobs,
        margin: timedelta,
        now: Clock,
    ) -> None:
        """Prepare to call the scheduler.

        Args:
            jobs: Dapr's scheduler.
            margin: How long before it is due a job is deleted at the latest.
            now: Returns the time in UTC.
        """
        self._jobs = jobs
        self._margin = margin
        self._now = now

    async def follow(self, changed: Changed) -> None:
        """Arm the next run of a schedule that was changed, and disarm the one before.

        Raises:
            ProblemError: The scheduler does not answer (503): the next run is not armed.
        """
        old, new = changed
        if new is not None:
            await self.arm(new)
        if old is None or old.next_at is None or (new and new.next_at == old.next_at):
            return
        try:
            await self.disarm(ArmedJob(job_name(old.id, old.next_at), old.id, old.next_at))
        except ProblemError as error:
            # It does no harm: it is deleted later, or triggers and is ignored.
            log.warning("job not deleted yet", schedule=old.id, error=error.detail)

    async def arm(self, schedule: Schedule) -> None:
        """Arm the next run of a schedule, if there is one.

        Raises:
            ProblemError: The scheduler does not answer (503).
        """
        if schedule.next_at is not None:
            await self._jobs.arm(schedule.id, schedule.next_at)

    async def disarm(self, job: ArmedJob) -> None:
        """Delete a job, unless it is about to trigger, or has triggered.

        Raises:
            ProblemError: The scheduler does not answer (503).
        """
        if job.due - self._now() > self._margin:
            await self._jobs.disarm(job.name)

    async def all(self) -> list[ArmedJob]:
        """Return the jobs of all schedules.

        Raises:
            ProblemError: The scheduler does not answer (503).
        """
        return await self._jobs.armed()
