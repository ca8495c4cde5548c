"""Starts the run of a schedule that is due, and records what came of it."""

from datetime import datetime
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from contracts.problems import ProblemType
from orchestrator.engine.client import Engine
from orchestrator.metrics import SCHEDULED_RUNS
from orchestrator.scheduling.armed_jobs import ArmedJobs
from orchestrator.scheduling.clock import Clock
from orchestrator.scheduling.recurrence import next_run
from orchestrator.scheduling.runs import run_of
from orchestrator.scheduling.store import ScheduleStore
from orchestrator.schemas.schedules import Schedule
from orchestrator.toolkit.catalogue import Catalogue
from servicekit.problems import ProblemError

log = structlog.get_logger(__name__)
tracer = trace.get_tracer(__name__)


class Firing:
    """Starts runs. One that cannot be started never keeps its schedule from the next one."""

    def __init__(
        self,
        catalogue: Catalogue,
        schedules: ScheduleStore,
        engine: Engine,
        jobs: ArmedJobs,
        fewest_tries: int,
        now: Clock,
    ) -> None:
        """Prepare to start runs.

        Args:
            catalogue: The hosted workflows.
            schedules: The store of the schedules.
            engine: Starts the instances.
            jobs: Dapr's scheduler.
            fewest_tries: After so many failed tries a run is given up, once the next one is due.
            now: Returns the time in UTC.
        """
        self._catalogue = catalogue
        self._schedules = schedules
        self._engine = engine
        self._jobs = jobs
        self._fewest_tries = fewest_tries
        self._now = now

    async def fire(self, schedule_id: str, due: datetime) -> None:
        """Start the run that is due at a time, and arm the next one.

        Args:
            schedule_id: The schedule; one that was deleted is ignored.
            due: The time of the run, as in the job's data.

        Raises:
            ProblemError: The run could not be started, or the next one not be armed (503): the
                job must be retried.
        """
        schedule = await self._schedules.find(schedule_id)
        if schedule is None or schedule.next_at is None:
            return
        if schedule.next_at != due:
            # Started before, or the schedule was changed; the next run may not be armed yet.
            await self._jobs.arm(schedule)
            return
        with tracer.start_as_current_span("scheduled start", kind=SpanKind.CONSUMER) as span:
            span.set_attribute("taskway.schedule", schedule.id)
            started, failure = await self._start(schedule, due)
        if failure is not None and self._retried(schedule, due, failure):
            await self._record(
                schedule_id,
                due,
                {"last_error": failure.detail, "failed_tries": schedule.failed_tries + 1},
            )
            raise failure
        SCHEDULED_RUNS.add(
            1, {"workflow": schedule.workflow, "outcome": "failed" if failure else "started"}
        )
        ended = {
            "last_at": due,
            "last_instance": started,
            "last_error": failure and failure.detail,
            "failed_tries": 0,
        }
        after = await self._record(schedule_id, due, ended | self._following(schedule, due))
        if after is not None:
            await self._jobs.arm(after)

    async def _start(
        self, schedule: Schedule, due: datetime
    ) -> tuple[str | None, ProblemError | None]:
        """Start a run; return the instance, or why there is none."""
        try:
            run = run_of(self._catalogue, schedule, due)
            await self._engine.start(run.definition, run.request, run.instance_id)
        except ProblemError as error:
            log.error("scheduled start failed", schedule=schedule.id, error=error.detail)
            return None, error
        except Exception as error:
            # Whatever it is, it must not keep the schedule from its next run.
            log.exception("scheduled start failed", schedule=schedule.id)
            detail = f"The start failed: {type(error).__name__}"
            return None, ProblemError(ProblemType.UNAVAILABLE, detail, retry_after=1)
        return run.instance_id, None

    def _retried(self, schedule: Schedule, due: datetime, failure: ProblemError) -> bool:
        """Return whether the same start may succeed later, and is worth another try."""
        if failure.type is not ProblemType.UNAVAILABLE:
            return False
        if schedule.failed_tries + 1 < self._fewest_tries:
            return True
        try:
            return next_run(schedule, due) > self._now()
        except ProblemError:
            # It has no next run that this one could hold up; see _following.
            return False

    def _following(self, schedule: Schedule, due: datetime) -> dict[str, Any]:
        """Return the fields of a schedule that say when it runs next."""
        try:
            return {"next_at": next_run(schedule, max(due, self._now()))}
        except ProblemError as error:
            # It was accepted by an earlier release.
            log.error("schedule has no next run", schedule=schedule.id, error=error.detail)
            return {"next_at": None, "last_error": error.detail}

    async def _record(
        self, schedule_id: str, due: datetime, update: dict[str, Any]
    ) -> Schedule | None:
        """Change a schedule, unless another replica has done so; return it as it is then."""

        def recorded(current: Schedule | None) -> Schedule | None:
            if current is None or current.next_at != due:
                return current
            return current.model_copy(update=update)

        return (await self._schedules.change(schedule_id, recorded)).new
