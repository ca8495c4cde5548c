"""Starts workflows by schedules: one run for each time that is due, one for all missed runs.

Dapr's scheduler has one job for each schedule, for its next run. The time of that run is the job's
data and part of the instance's id, so that a job that triggers twice, or at two replicas, starts
the same instance. A job that triggers late starts it late, and the next run is counted from now.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from contracts.problems import ProblemType
from orchestrator.engine.client import Engine
from orchestrator.scheduling.recurrence import next_run, run_of
from orchestrator.scheduling.store import ScheduleStore
from orchestrator.schemas.schedules import Schedule, ScheduleRequest
from orchestrator.toolkit.catalogue import Catalogue
from servicekit.background import Supervisor
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

log = structlog.get_logger(__name__)
tracer = trace.get_tracer(__name__)


ARM_PAUSE_SECONDS = 2.0


class Jobs(Protocol):
    """Dapr's scheduler, with one job for each schedule."""

    async def arm(self, schedule_id: str, due: datetime) -> None:
        """Have `Scheduler.fire` called with these at that time, until it succeeds."""

    async def disarm(self, schedule_id: str) -> None:
        """Delete the job, if there is one."""


class Scheduler:
    """The schedules: their store is the source of truth, and jobs only trigger them."""

    def __init__(
        self,
        catalogue: Catalogue,
        schedules: ScheduleStore,
        engine: Engine,
        jobs: Jobs,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare to start runs.

        Args:
            catalogue: The hosted workflows.
            schedules: The store of the schedules.
            engine: Starts the instances.
            jobs: Dapr's scheduler.
            now: Returns the time in UTC.
        """
        self._catalogue = catalogue
        self._schedules = schedules
        self._engine = engine
        self._jobs = jobs
        self._now = now

    async def put(self, schedule_id: str, request: ScheduleRequest, by: str) -> Schedule:
        """Create or change a schedule; repeating the request changes nothing.

        Args:
            schedule_id: Its id.
            request: What it starts, and when.
            by: Who creates it.

        Raises:
            ProblemError: The workflow is unknown, or its request or the cron expression is not
                valid (422).
        """
        run_of(self._catalogue, request, schedule_id, self._now())
        due = next_run(request, self._now())

        def put(old: Schedule | None) -> Schedule:
            if old is None:
                return Schedule(
                    **request.model_dump(), id=schedule_id, paused=False, next_at=due, created_by=by
                )
            if all(getattr(old, name) == value for name, value in request):
                return old
            new_due = None if old.paused else due
            return old.model_copy(update={**dict(request), "next_at": new_due})

        return await self._change(schedule_id, put)

    async def pause(self, schedule_id: str) -> Schedule:
        """Pause a schedule until it is resumed; missed runs are not caught up."""
        return await self._change(
            schedule_id,
            lambda old: _require(old, schedule_id).model_copy(
                update={"paused": True, "next_at": None}
            ),
        )

    async def resume(self, schedule_id: str) -> Schedule:
        """Resume a paused schedule; its next run is counted from now."""

        def resumed(old: Schedule | None) -> Schedule:
            schedule = _require(old, schedule_id)
            if not schedule.paused:
                return schedule
            due = next_run(schedule, self._now())
            return schedule.model_copy(update={"paused": False, "next_at": due})

        return await self._change(schedule_id, resumed)

    async def delete(self, schedule_id: str) -> None:
        """Delete a schedule, and not the instances that it started."""
        await self.get(schedule_id)
        await self._schedules.change(schedule_id, lambda _: None)
        await self._jobs.disarm(schedule_id)

    async def get(self, schedule_id: str) -> Schedule:
        """Return a schedule; 404 where there is none."""
        return _require(await self._schedules.find(schedule_id), schedule_id)

    async def all(self) -> list[Schedule]:
        """Return every schedule, ordered by id."""
        return await self._schedules.all()

    async def fire(self, schedule_id: str, due: datetime) -> None:
        """Start the run that is due at a time, and arm the next one.

        Args:
            schedule_id: The schedule; one that was deleted is ignored.
            due: The time of the run, as in the job's data.

        Raises:
            ProblemError: The engine does not answer (503): the job must be retried.
        """
        schedule = await self._schedules.find(schedule_id)
        if schedule is None or schedule.next_at is None:
            return
        if schedule.next_at != due:
            # Started before, or the schedule was changed; the next run may not be armed yet.
            await self._arm(schedule)
            return
        with tracer.start_as_current_span("scheduled start", kind=SpanKind.CONSUMER) as span:
            span.set_attribute("taskway.schedule", schedule.id)
            update = await self._start(schedule, due)

        def fired(current: Schedule | None) -> Schedule | None:
            if current is None or current.next_at != due:
                return current
            following = next_run(current, max(due, self._now()))
            return current.model_copy(update={**update, "last_at": due, "next_at": following})

        if (after := await self._schedules.change(schedule_id, fired)) is not None:
            await self._arm(after)

    @asynccontextmanager
    async def arming(self, supervisor: Supervisor) -> AsyncIterator[None]:
        """Arm every schedule in the background, as soon as Dapr's scheduler answers.

        It may have lost its jobs, and a process may have ended between the store and the job.

        Args:
            supervisor: Restarts what fails.
        """
        async with supervisor.running("schedule-arming", self._arm_until_done):
            yield

    async def arm_all(self) -> None:
        """Create the missing jobs of all schedules."""
        for schedule in await self.all():
            await self._arm(schedule)

    async def _arm_until_done(self) -> None:
        # Not a shared retry helper: this one has no limit, and logs each failure.
        while True:
            try:
                return await self.arm_all()
            except (ProblemError, StoreUnavailable) as error:
                log.warning("schedules could not be armed yet", error=str(error))
            await asyncio.sleep(ARM_PAUSE_SECONDS)

    async def _start(self, schedule: Schedule, due: datetime) -> dict[str, str | None]:
        """Start a run, and return the fields of the schedule that record it."""
        try:
            definition, request = run_of(self._catalogue, schedule, schedule.id, due)
            await self._engine.start(definition, request)
        except ProblemError as error:
            if error.type is ProblemType.UNAVAILABLE:
                raise
            # It would fail again, and must not hold up the next run.
            log.error("scheduled start failed", schedule=schedule.id, error=error.detail)
            return {"last_instance": None, "last_error": error.detail}
        return {"last_instance": definition.instance_id(request), "last_error": None}

    async def _change(
        self, schedule_id: str, change: Callable[[Schedule | None], Schedule]
    ) -> Schedule:
        schedule = _require(await self._schedules.change(schedule_id, change), schedule_id)
        await self._arm(schedule)
        return schedule

    async def _arm(self, schedule: Schedule) -> None:
        if schedule.next_at is None:
            await self._jobs.disarm(schedule.id)
        else:
            await self._jobs.arm(schedule.id, schedule.next_at)


def _require(schedule: Schedule | None, schedule_id: str) -> Schedule:
    if schedule is None:
        raise ProblemError(ProblemType.NOT_FOUND, f"There is no schedule {schedule_id}")
    return schedule
