"""Each run is started once, whatever crashes, and missed runs are caught up by one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from unit_support.schedules import DAILY, OFTEN, START, TASK, World

from contracts.problems import ProblemType
from orchestrator.schemas.schedules import ScheduleRequest
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable


@pytest.fixture
def world() -> World:
    return World()


async def test_each_run_starts_an_instance_with_its_time_in_the_id(world: World) -> None:
    await world.put()
    await world.advance(START + timedelta(days=2))
    assert list(world.engine.started) == [
        "task-plants.2026-01-01T09:00:00Z",
        "task-plants.2026-01-02T09:00:00Z",
    ]
    schedule = await world.scheduler.get("plants")
    assert schedule.last_instance == "task-plants.2026-01-02T09:00:00Z"
    assert schedule.next_at == datetime(2026, 1, 3, 9, tzinfo=UTC)


async def test_a_job_that_triggers_twice_starts_one_instance(world: World) -> None:
    await world.put()
    [due] = world.jobs.due()
    for _ in range(2):
        await world.scheduler.fire("plants", due)
    assert len(world.engine.started) == 1


@pytest.mark.parametrize("schedule", [DAILY, OFTEN])
async def test_missed_runs_are_caught_up_by_one(world: World, schedule: ScheduleRequest) -> None:
    await world.put(schedule)
    [due] = world.jobs.due()
    world.now = due + timedelta(days=5, seconds=7)
    await world.scheduler.fire("plants", due)
    assert len(world.engine.started) == 1
    assert world.jobs.due()[-1] > world.now


@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("crash", range(3))
async def test_a_crash_at_any_write_loses_and_repeats_no_run(
    world: World, crash: int, lands: bool
) -> None:
    world.store.writes_until_crash, world.store.crash_lands = crash, lands
    for _ in range(4):
        try:
            await world.put()
            await world.advance(START + timedelta(days=1))
        except StoreUnavailable:
            continue
    assert list(world.engine.started) == ["task-plants.2026-01-01T09:00:00Z"]
    assert world.jobs.due()[-1] == datetime(2026, 1, 2, 9, tzinfo=UTC)


async def test_a_next_run_that_a_crash_left_unarmed_is_armed(world: World) -> None:
    await world.put()
    [due] = world.jobs.due()
    await world.scheduler.fire("plants", due)
    world.jobs.jobs.clear()
    await world.scheduler.fire("plants", due)
    assert world.jobs.due()[-1] == due + timedelta(days=1)
    world.jobs.jobs.clear()
    await world.reconciler.reconcile()
    assert world.jobs.due()[-1] == due + timedelta(days=1)


async def test_a_paused_schedule_starts_nothing_until_it_is_resumed(world: World) -> None:
    await world.put()
    assert (await world.scheduler.pause("plants")).next_at is None
    await world.advance(START + timedelta(days=3))
    assert world.engine.started == {}
    resumed = await world.scheduler.resume("plants")
    assert resumed.next_at == datetime(2026, 1, 4, 9, tzinfo=UTC)
    assert await world.scheduler.resume("plants") == resumed


async def test_resuming_a_schedule_that_runs_does_not_move_its_next_run(world: World) -> None:
    first = await world.put(OFTEN)
    world.now += timedelta(seconds=30)
    assert await world.scheduler.resume("plants") == first


async def test_a_change_of_a_paused_schedule_does_not_resume_it(world: World) -> None:
    await world.put(OFTEN)
    await world.scheduler.pause("plants")
    changed = await world.put(DAILY)
    assert (changed.paused, changed.next_at, changed.cron) == (True, None, DAILY.cron)
    assert (await world.scheduler.resume("plants")).next_at == START + timedelta(minutes=30)


async def test_a_deleted_schedule_does_not_run_and_can_be_created_again(world: World) -> None:
    await world.put()
    [due] = world.jobs.due()
    await world.scheduler.delete("plants")
    await world.scheduler.fire("plants", due)
    assert (world.engine.started, world.jobs.due(), await world.ids()) == ({}, [], [])
    with pytest.raises(ProblemError):
        await world.scheduler.get("plants")
    await world.put(OFTEN)
    assert await world.ids() == ["plants"]


async def test_a_changed_schedule_ignores_the_job_of_its_previous_version(world: World) -> None:
    await world.put()
    [due] = world.jobs.due()
    changed = await world.scheduler.put("plants", OFTEN, "bo")
    assert (changed.next_at, changed.created_by) == (START + timedelta(minutes=1), "olga")
    world.now = due
    await world.scheduler.fire("plants", due)
    assert world.engine.started == {}


async def test_repeating_a_put_changes_nothing(world: World) -> None:
    first = await world.put(OFTEN)
    before = dict(world.store.data)
    world.now += timedelta(seconds=30)
    reordered = OFTEN.model_copy(update={"request": dict(reversed(TASK.items()))})
    for same in (OFTEN, reordered):
        assert await world.scheduler.put("plants", same, "bo") == first
    assert world.store.data == before


async def test_a_change_of_the_request_alone_does_not_move_the_next_run(world: World) -> None:
    first = await world.put(OFTEN)
    world.now += timedelta(seconds=30)
    other = OFTEN.model_copy(update={"request": {**TASK, "title": "Feed the cat"}})
    assert (await world.put(other)).next_at == first.next_at
    await world.advance(START + timedelta(minutes=1))
    [started] = world.engine.started.values()
    assert started.title == "Feed the cat"


@pytest.mark.parametrize("equal", [1.0, True])
async def test_an_equal_number_of_another_kind_is_refused(world: World, equal: float) -> None:
    hello = {"user_name": "ada", "rest_seconds": 1}
    schedule = ScheduleRequest(workflow="hello", request=hello, every_seconds=60)
    await world.put(schedule)
    with pytest.raises(ProblemError, match=r"body\.request\.rest_seconds"):
        await world.put(schedule.model_copy(update={"request": {**hello, "rest_seconds": equal}}))
    assert repr((await world.scheduler.get("plants")).request["rest_seconds"]) == "1"


@pytest.mark.parametrize(("left", "deleted"), [(15, False), (16, True)])
async def test_a_job_is_deleted_only_well_before_it_is_due(
    world: World, left: int, deleted: bool
) -> None:
    await world.put()
    [due] = world.jobs.due()
    world.now = due - timedelta(seconds=left)
    await world.scheduler.delete("plants")
    assert world.jobs.due() == ([] if deleted else [due])


async def test_a_job_that_is_about_to_trigger_is_left_to_be_ignored(world: World) -> None:
    """The fake scheduler fails where a job is deleted as it triggers."""
    await world.put(OFTEN)
    [due] = world.jobs.due()
    world.now = due - timedelta(milliseconds=4)
    await world.put(OFTEN.model_copy(update={"every_seconds": 6}))
    await world.scheduler.pause("plants")
    await world.scheduler.resume("plants")
    await world.scheduler.delete("plants")
    assert due in world.jobs.due()
    await world.advance(due + timedelta(minutes=1))
    assert (world.engine.started, world.jobs.due()) == ({}, [])


async def test_an_unavailable_scheduler_does_not_keep_a_schedule_from_being_deleted(
    world: World,
) -> None:
    await world.put()
    world.jobs.error = ProblemError(ProblemType.UNAVAILABLE, "down")
    await world.scheduler.delete("plants")
    world.jobs.error = None
    assert await world.ids() == []
    await world.reconciler.reconcile()
    assert world.jobs.due() == []


@pytest.mark.parametrize(
    "wrong",
    [
        DAILY.model_copy(update={"workflow": "nope"}),
        DAILY.model_copy(update={"cron": "every day"}),
        DAILY.model_copy(update={"cron": "0 0 30 2 *"}),
        DAILY.model_copy(update={"request": {"title": 7}}),
        DAILY.model_copy(update={"request": {**TASK, "task_id": [[[]]]}}),
        DAILY.model_copy(update={"request": {**TASK, "task_id": "a:b"}}),
    ],
)
async def test_a_schedule_that_cannot_run_is_refused(world: World, wrong: ScheduleRequest) -> None:
    with pytest.raises(ProblemError) as error:
        await world.put(wrong)
    assert error.value.type is ProblemType.VALIDATION
    assert await world.ids() == []


@pytest.mark.parametrize(
    "often", [OFTEN, OFTEN.model_copy(update={"every_seconds": None, "cron": "*/2 * * * *"})]
)
async def test_a_schedule_that_would_run_too_often_is_refused(often: ScheduleRequest) -> None:
    world = World(schedule_min_interval_seconds=180)
    with pytest.raises(ProblemError) as error:
        await world.put(often)
    assert error.value.type is ProblemType.VALIDATION
    assert (await world.ids(), world.jobs.due()) == ([], [])


@pytest.mark.parametrize("both", [{}, {"cron": "* * * * *", "every_seconds": 5}])
def test_a_schedule_has_either_cron_or_an_interval(both: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either cron or every_seconds"):
        ScheduleRequest(workflow="task", request=TASK, **both)
