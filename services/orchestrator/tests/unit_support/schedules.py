"""Schedules with an engine, jobs and a clock that the test sets."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.scheduling.dapr_jobs import ArmedJob, job_name
from orchestrator.scheduling.opening import open_schedules
from orchestrator.schemas.schedules import Schedule, ScheduleRequest
from orchestrator.settings import Settings
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore
from unit_support.catalogue import CATALOGUE

START = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
TASK = {"title": "Water the plants", "assignee": "alice@example.com"}
DAILY = ScheduleRequest(workflow="task", request=TASK, cron="0 9 * * *")
OFTEN = ScheduleRequest(workflow="task", request=TASK, every_seconds=60)


@dataclass
class FakeEngine:
    """Records what was started; starts are idempotent."""

    started: dict[str, Any] = field(default_factory=dict)
    tries: int = 0
    error: Exception | None = None

    async def start(self, _: Any, request: Any, instance_id: str) -> bool:
        self.tries += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self.started.setdefault(instance_id, request) is request


class FakeJobs:
    """Dapr's scheduler, which fails the test where a job is deleted as it triggers."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.jobs: dict[str, ArmedJob] = {}
        self.error: ProblemError | None = None
        self._now = now

    async def arm(self, schedule_id: str, due: datetime) -> None:
        await self._call()
        name = job_name(schedule_id, due)
        self.jobs.setdefault(name, ArmedJob(name, schedule_id, due))

    async def disarm(self, name: str) -> None:
        await self._call()
        if name in self.jobs:
            assert self.jobs[name].due - self._now() > timedelta(seconds=10)
            del self.jobs[name]

    async def armed(self) -> list[ArmedJob]:
        await self._call()
        return list(self.jobs.values())

    def due(self, schedule_id: str = "plants") -> list[datetime]:
        """Return when the jobs of a schedule trigger."""
        return sorted(job.due for job in self.jobs.values() if job.schedule_id == schedule_id)

    async def _call(self) -> None:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error


class World:
    """The schedules, and a clock that the test sets."""

    def __init__(self, **settings: Any) -> None:
        self.now = START
        self.store, self.engine, self.jobs = MemoryStateStore(), FakeEngine(), FakeJobs(self._now)
        self.settings = Settings(**settings)
        self.restart()

    def restart(self, settings: Settings | None = None) -> None:
        """Run a new process on the same store, engine and jobs."""
        self.scheduler, self.reconciler = open_schedules(
            CATALOGUE,
            settings or self.settings,
            self.store,
            self.engine,  # type: ignore[arg-type]
            self.jobs,
            self._now,
        )

    async def put(self, request: ScheduleRequest = DAILY, name: str = "plants") -> Schedule:
        """Put a schedule."""
        return await self.scheduler.put(name, request, "olga")

    async def ids(self) -> list[str]:
        """Return the ids of the schedules that are listed."""
        return [schedule.id for schedule in (await self.scheduler.page(None, 1_000)).items]

    async def advance(self, until: datetime) -> None:
        """Advance the clock, and trigger each job when it is due."""
        while due := [job for job in self.jobs.jobs.values() if job.due <= until]:
            job = min(due, key=lambda job: job.due)
            self.now = max(self.now, job.due)
            await self.trigger(job)
        self.now = until

    async def trigger(self, job: ArmedJob) -> None:
        """Trigger a job, which is gone where that succeeds."""
        await self.scheduler.fire(job.schedule_id, job.due)
        if self.jobs.jobs.get(job.name) is job:
            del self.jobs.jobs[job.name]

    def _now(self) -> datetime:
        return self.now
