"""Each run is started once, whatever crashes, and missed runs are caught up by one."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from unit_support.catalogue import CATALOGUE

from contracts.problems import ProblemType
from orchestrator.scheduling.recurrence import next_run
from orchestrator.scheduling.scheduler import Scheduler
from orchestrator.scheduling.store import ScheduleStore
from orchestrator.schemas.schedules import ScheduleRequest
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore

START = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)
TASK = {"title": "Water the plants", "assignee": "alice@example.com"}
DAILY = ScheduleRequest(workflow="task", request=TASK, cron="0 9 * * *")
OFTEN = ScheduleRequest(workflow="task", request=TASK, every_seconds=60)


@dataclass
class FakeEngine:
    """Records what was started; starts are idempotent."""

    started: dict[str, Any] = field(default_factory=dict)
    error: ProblemError | None = None

    async def start(self, definition: Any, request: Any) -> bool:
        if self.error is not None:
            raise self.error
        return self.started.setdefault(definition.instance_id(request), request) is request


@dataclass
class FakeJobs:
    """The next run of each schedule."""

    due: dict[str, datetime] = field(default_factory=dict)

    async def arm(self, schedule_id: str, due: datetime) -> None:
        self.due[schedule_id] = due

    async def disarm(self, schedule_id: str) -> None:
        self.due.pop(schedule_id, None)


class World:
    """A scheduler whose clock the test sets."""

    def __init__(self) -> None:
        self.now = START
        self.store, self.engine, self.jobs = MemoryStateStore(), FakeEngine(), FakeJobs()
        self.scheduler = Scheduler(
            CATALOGUE,
            ScheduleStore(self.store),
            self.engine,  # type: ignore[arg-type]
            self.jobs,
            lambda: self.now,
        )

    async def advance(self, until: datetime) -> None:
        """Advance the clock, and trigger each job when it is due."""
        while due := [(at, name) for name, at in self.jobs.due.items() if at <= until]:
            at, name = min(due)
            self.now = max(self.now, at)
            await self.scheduler.fire(name, at)
        self.now = until


@pytest.fixture
def world() -> World:
    return World()


async def test_each_run_starts_an_instance_with_its_time_in_the_id(world: World) -> None:
    await world.scheduler.put("plants", DAILY, "olga")
    await world.advance(START + timedelta(days=2))
    assert list(world.engine.started) == [
        "task-plants.20260101T090000Z",
        "task-plants.20260102T090000Z",
    ]
    schedule = await world.scheduler.get("plants")
    assert schedule.last_instance == "task-plants.20260102T090000Z"
    assert schedule.next_at == datetime(2026, 1, 3, 9, tzinfo=UTC)


async def test_a_job_that_triggers_twice_starts_one_instance(world: World) -> None:
    await world.scheduler.put("plants", DAILY, "olga")
    [due] = world.jobs.due.values()
    for _ in range(2):
        await world.scheduler.fire("plants", due)
    assert len(world.engine.started) == 1


@pytest.mark.parametrize("schedule", [DAILY, OFTEN])
async def test_missed_runs_are_caught_up_by_one(world: World, schedule: ScheduleRequest) -> None:
    await world.scheduler.put("plants", schedule, "olga")
    [due] = world.jobs.due.values()
    world.now = due + timedelta(days=5, seconds=7)
    await world.scheduler.fire("plants", due)
    assert len(world.engine.started) == 1
    assert world.jobs.due["plants"] > world.now


@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("crash", range(3))
async def test_a_crash_at_any_write_loses_and_repeats_no_run(
    world: World, crash: int, lands: bool
) -> None:
    world.store.writes_until_crash, world.store.crash_lands = crash, lands
    for _ in range(4):
        try:
            await world.scheduler.put("plants", DAILY, "olga")
            await world.advance(START + timedelta(days=1))
        except StoreUnavailable:
            continue
    assert list(world.engine.started) == ["task-plants.20260101T090000Z"]
    assert world.jobs.due["plants"] == datetime(2026, 1, 2, 9, tzinfo=UTC)


async def test_a_next_run_that_a_crash_left_unarmed_is_armed(world: World) -> None:
    await world.scheduler.put("plants", DAILY, "olga")
    [due] = world.jobs.due.values()
    await world.scheduler.fire("plants", due)
    world.jobs.due.clear()
    await world.scheduler.fire("plants", due)
    assert world.jobs.due["plants"] == due + timedelta(days=1)
    world.jobs.due.clear()
    await world.scheduler.arm_all()
    assert world.jobs.due["plants"] == due + timedelta(days=1)


async def test_an_unavailable_engine_fails_the_job_so_that_it_is_retried(world: World) -> None:
    await world.scheduler.put("plants", DAILY, "olga")
    world.engine.error = ProblemError(ProblemType.UNAVAILABLE, "down")
    with pytest.raises(ProblemError):
        await world.advance(START + timedelta(days=1))
    world.engine.error = None
    await world.advance(START + timedelta(days=1))
    assert list(world.engine.started) == ["task-plants.20260101T090000Z"]


async def test_a_run_that_fails_to_start_is_recorded_and_the_next_is_armed(world: World) -> None:
    await world.scheduler.put("plants", DAILY, "olga")
    world.engine.error = ProblemError(ProblemType.INSTANCE_EXISTS, "taken")
    await world.advance(START + timedelta(hours=1))
    schedule = await world.scheduler.get("plants")
    assert (schedule.last_error, schedule.last_instance) == ("taken", None)
    assert schedule.next_at == datetime(2026, 1, 2, 9, tzinfo=UTC)


async def test_a_paused_schedule_starts_nothing_until_it_is_resumed(world: World) -> None:
    await world.scheduler.put("plants", DAILY, "olga")
    assert (await world.scheduler.pause("plants")).next_at is None
    await world.advance(START + timedelta(days=3))
    assert world.engine.started == {}
    resumed = await world.scheduler.resume("plants")
    assert resumed.next_at == datetime(2026, 1, 4, 9, tzinfo=UTC)
    assert await world.scheduler.resume("plants") == resumed


async def test_a_deleted_schedule_does_not_run_and_can_be_created_again(world: World) -> None:
    await world.scheduler.put("plants", DAILY, "olga")
    [due] = world.jobs.due.values()
    await world.scheduler.delete("plants")
    await world.scheduler.fire("plants", due)
    assert (world.engine.started, world.jobs.due, await world.scheduler.all()) == ({}, {}, [])
    with pytest.raises(ProblemError):
        await world.scheduler.get("plants")
    await world.scheduler.put("plants", OFTEN, "olga")
    assert [s.id for s in await world.scheduler.all()] == ["plants"]


async def test_a_changed_schedule_ignores_the_job_of_its_previous_version(world: World) -> None:
    await world.scheduler.put("plants", DAILY, "olga")
    [due] = world.jobs.due.values()
    changed = await world.scheduler.put("plants", OFTEN, "bo")
    assert (changed.next_at, changed.created_by) == (START + timedelta(minutes=1), "olga")
    world.now = due
    await world.scheduler.fire("plants", due)
    assert world.engine.started == {}


async def test_repeating_a_put_changes_nothing(world: World) -> None:
    first = await world.scheduler.put("plants", OFTEN, "olga")
    world.now += timedelta(seconds=30)
    assert await world.scheduler.put("plants", OFTEN, "bo") == first


@pytest.mark.parametrize(
    "wrong",
    [
        DAILY.model_copy(update={"workflow": "nope"}),
        DAILY.model_copy(update={"cron": "every day"}),
        DAILY.model_copy(update={"cron": "0 0 30 2 *"}),
        DAILY.model_copy(update={"request": {"title": 7}}),
    ],
)
async def test_a_schedule_that_cannot_run_is_refused(world: World, wrong: ScheduleRequest) -> None:
    with pytest.raises(ProblemError) as error:
        await world.scheduler.put("plants", wrong, "olga")
    assert error.value.type is ProblemType.VALIDATION
    assert await world.scheduler.all() == []


@pytest.mark.parametrize("both", [{}, {"cron": "* * * * *", "every_seconds": 5}])
def test_a_schedule_has_either_cron_or_an_interval(both: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either cron or every_seconds"):
        ScheduleRequest(workflow="task", request=TASK, **both)


def test_the_next_run_is_later() -> None:
    for schedule in (DAILY, OFTEN):
        assert next_run(schedule, START) > START
