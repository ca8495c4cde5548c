"""Starts workflows by schedules: one run for each time that is due, one for all missed runs.

Dapr's scheduler has one job for each schedule, for its next run. The time of that run is the job's
data and part of the instance's id, so that a job that triggers twice, or at two replicas, starts
the same instance. A job that triggers late starts it late, and the next run is counted from now. A
run starts whether or not the one before has ended.
"""

import json
from datetime import datetime, timedelta

from contracts.problems import ProblemType
from orchestrator.scheduling.armed_jobs import ArmedJobs
from orchestrator.scheduling.clock import Clock
from orchestrator.scheduling.dapr_jobs import ArmedJob
from orchestrator.scheduling.firing import Firing
from orchestrator.scheduling.recurrence import check_interval, next_run
from orchestrator.scheduling.runs import check_request
from orchestrator.scheduling.store import Change, ScheduleStore, UnreadableSchedule
from orchestrator.schemas.schedules import Schedule, ScheduleRequest, Schedules
from orchestrator.toolkit.catalogue import Catalogue
from servicekit.locks import KeyedLocks
from servicekit.problems import ProblemError


class Scheduler:
    """The schedules: their store is the source of truth, and jobs only trigger them.

    A change writes the record, and then arms its job; of one schedule this is done one at a time.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        schedules: ScheduleStore,
        firing: Firing,
        jobs: ArmedJobs,
        shortest: timedelta,
        now: Clock,
    ) -> None:
        """Prepare to start runs.

        Args:
            catalogue: The hosted workflows.
            schedules: The store of the schedules.
            firing: Starts a run.
            jobs: Dapr's scheduler.
            shortest: The shortest interval between two runs.
            now: Returns the time in UTC.
        """
        self._catalogue = catalogue
        self._schedules = schedules
        self._firing = firing
        self._jobs = jobs
        self._shortest = shortest
        self._now = now
        self._locks = KeyedLocks()

    async def put(self, schedule_id: str, request: ScheduleRequest, by: str) -> Schedule:
        """Create or change a schedule; repeating the request changes nothing.

        Args:
            schedule_id: Its id.
            request: What it starts, and when.
            by: Who creates it.

        Raises:
            ProblemError: The workflow is unknown, or its request, the cron expression or the
                interval is not valid (422), or there are too many schedules (429).
        """
        now = self._now()
        check_request(self._catalogue, request)
        due = next_run(request, now)
        check_interval(request, self._shortest, now)

        def put(old: Schedule | None) -> Schedule:
            if old is None or isinstance(old, UnreadableSchedule):
                return Schedule(
                    **request.model_dump(), id=schedule_id, paused=False, next_at=due, created_by=by
                )
            if _what(old) == _what(request):
                return old
            moved = {"next_at": _moved(old, request, due), "failed_tries": 0}
            return old.model_copy(update={**dict(request), **moved})

        return await self._change(schedule_id, put)

    async def pause(self, schedule_id: str) -> Schedule:
        """Pause a schedule until it is resumed; missed runs are not caught up."""

        def paused(old: Schedule | None) -> Schedule:
            schedule = _readable(old, schedule_id)
            return schedule.model_copy(update={"paused": True, "next_at": None, "failed_tries": 0})

        return await self._change(schedule_id, paused)

    async def resume(self, schedule_id: str) -> Schedule:
        """Resume a paused schedule; its next run is counted from now."""

        def resumed(old: Schedule | None) -> Schedule:
            schedule = _readable(old, schedule_id)
            if not schedule.paused:
                return schedule
            due = next_run(schedule, self._now())
            return schedule.model_copy(update={"paused": False, "next_at": due})

        return await self._change(schedule_id, resumed)

    async def delete(self, schedule_id: str) -> None:
        """Delete a schedule, if there is one, and not the instances that it started."""
        async with self._locks(schedule_id):
            changed = await self._schedules.change(schedule_id, lambda _: None)
            await self._jobs.follow(changed)

    async def get(self, schedule_id: str) -> Schedule:
        """Return a schedule; 404 where there is none."""
        return _require(await self._schedules.find(schedule_id), schedule_id)

    async def exists(self, schedule_id: str) -> bool:
        """Return whether there is a schedule of this id."""
        return await self._schedules.find(schedule_id) is not None

    async def page(self, cursor: str | None, limit: int) -> Schedules:
        """Return a page of schedules, ordered by id.

        Args:
            cursor: `next` of the page before; None for the first.
            limit: The most schedules.
        """
        return await self._schedules.page(cursor, limit)

    async def fire(self, schedule_id: str, due: datetime) -> None:
        """Start the run that is due at a time, and arm the next one.

        Args:
            schedule_id: The schedule; one that was deleted is ignored.
            due: The time of the run, as in the job's data.

        Raises:
            ProblemError: The engine does not answer (503): the job must be retried.
        """
        async with self._locks(schedule_id):
            await self._firing.fire(schedule_id, due)

    async def rearm(self, schedule_id: str) -> None:
        """Arm the next run of a schedule, whose job may be lost.

        Raises:
            ProblemError: The scheduler does not answer (503).
        """
        async with self._locks(schedule_id):
            schedule = await self._schedules.find(schedule_id)
            if schedule is None:
                await self._schedules.unlist(schedule_id)
            else:
                await self._jobs.arm(schedule)

    async def disarm(self, job: ArmedJob) -> None:
        """Delete a job, unless it is of the next run of its schedule.

        Raises:
            ProblemError: The scheduler does not answer (503).
        """
        async with self._locks(job.schedule_id):
            schedule = await self._schedules.find(job.schedule_id)
            if schedule is None or schedule.next_at != job.due:
                await self._jobs.disarm(job)

    async def _change(self, schedule_id: str, change: Change) -> Schedule:
        async with self._locks(schedule_id):
            changed = await self._schedules.change(schedule_id, change)
            await self._jobs.follow(changed)
        return _require(changed.new, schedule_id)


def _what(schedule: Schedule | ScheduleRequest) -> str:
    """Return what a schedule starts, and when, as text: true is not 1 in it, as in JSON."""
    fields = schedule.model_dump(mode="json", include=set(ScheduleRequest.model_fields))
    return json.dumps(fields, sort_keys=True)


def _moved(old: Schedule, request: ScheduleRequest, due: datetime) -> datetime | None:
    """Return the next run of a schedule that is changed: another one where its times change."""
    if old.paused:
        return None
    same = (old.cron, old.every_seconds) == (request.cron, request.every_seconds)
    return old.next_at if same and old.next_at is not None else due


def _readable(schedule: Schedule | None, schedule_id: str) -> Schedule:
    found = _require(schedule, schedule_id)
    if isinstance(found, UnreadableSchedule):
        raise ProblemError(ProblemType.WRONG_STATE, found.last_error or "")
    return found


def _require(schedule: Schedule | None, schedule_id: str) -> Schedule:
    if schedule is None:
        raise ProblemError(ProblemType.NOT_FOUND, f"There is no schedule {schedule_id}")
    return schedule
