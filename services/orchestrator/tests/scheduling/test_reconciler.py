"""Whatever a schedule's record and its job have lost is repaired."""

from datetime import timedelta

import pytest
from unit_support.schedules import OFTEN, START, World

from contracts.problems import ProblemType
from orchestrator.scheduling.dapr_jobs import ArmedJob, job_name
from servicekit.problems import ProblemError

DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    return World()


async def test_a_scheduler_that_lost_its_jobs_gets_them_again(world: World) -> None:
    await world.put()
    await world.put(OFTEN, "minutes")
    await world.scheduler.pause("minutes")
    due = world.jobs.due()
    world.jobs.jobs.clear()
    assert await world.reconciler.reconcile()
    assert (world.jobs.due(), world.jobs.due("minutes")) == (due, [])


async def test_a_run_whose_job_was_lost_starts_late(world: World) -> None:
    await world.put(OFTEN)
    world.jobs.jobs.clear()
    world.now += timedelta(minutes=5)
    assert await world.reconciler.reconcile()
    assert world.reconciler.late_seconds() == 4 * 60
    await world.advance(world.now)
    assert list(world.engine.started) == ["task-plants.2026-01-01T08:31:00Z"]
    assert await world.reconciler.reconcile()
    assert world.reconciler.late_seconds() == 0


async def test_lateness_is_known_where_the_scheduler_does_not_answer(world: World) -> None:
    await world.put(OFTEN)
    world.jobs.error = ProblemError(ProblemType.UNAVAILABLE, "down")
    world.now += timedelta(minutes=5)
    with pytest.raises(ProblemError):
        await world.reconciler.reconcile()
    assert world.reconciler.late_seconds() == 4 * 60


async def test_a_job_of_nothing_is_deleted_unless_it_is_about_to_trigger(world: World) -> None:
    await world.put()
    [due] = world.jobs.due()
    for schedule_id, at in (("ghost", due), ("plants", due + DAY), ("ghost", START)):
        job = ArmedJob(job_name(schedule_id, at), schedule_id, at)
        world.jobs.jobs[job.name] = job
    assert await world.reconciler.reconcile()
    assert (world.jobs.due(), world.jobs.due("ghost")) == ([due], [START])


async def test_one_that_fails_does_not_keep_the_others_from_their_jobs(world: World) -> None:
    for name in ("a", "b", "c"):
        await world.put(name=name)
    world.jobs.jobs.clear()
    arm = world.jobs.arm

    async def failing(schedule_id: str, due: object) -> None:
        if schedule_id == "b":
            raise ProblemError(ProblemType.UNAVAILABLE, "not this one")
        await arm(schedule_id, due)  # type: ignore[arg-type]

    world.jobs.arm = failing  # type: ignore[method-assign]
    assert await world.reconciler.reconcile_and_pause() == 2
    assert sorted(job.schedule_id for job in world.jobs.jobs.values()) == ["a", "c"]


async def test_what_failed_is_repaired_sooner(world: World) -> None:
    await world.put()
    assert await world.reconciler.reconcile_and_pause() == 30
    world.jobs.error = ProblemError(ProblemType.UNAVAILABLE, "down")
    assert await world.reconciler.reconcile_and_pause() == 2
    world.jobs.error = None
    assert await world.reconciler.reconcile_and_pause() == 30
    world.settings.schedule_reconcile_seconds = 1
    world.restart()
    world.jobs.error = ProblemError(ProblemType.UNAVAILABLE, "down")
    assert await world.reconciler.reconcile_and_pause() == 1


RECORDS = ['{"schedule": 7}', '{"schedule": {"workflow": "task", "cron": 3}}', '{"schedule": {}}']


@pytest.mark.parametrize("record", RECORDS)
async def test_a_record_that_cannot_be_read_is_shown_and_skipped(world: World, record: str) -> None:
    for name in ("a", "b", "c"):
        await world.put(name=name)
    world.store.data["schedule:b"] = (record, "7")
    world.jobs.jobs.clear()
    assert await world.reconciler.reconcile()
    assert sorted(job.schedule_id for job in world.jobs.jobs.values()) == ["a", "c"]
    assert await world.ids() == ["a", "b", "c"]
    shown = await world.scheduler.get("b")
    assert "cannot be read" in (shown.last_error or "")
    assert (shown.id, shown.next_at) == ("b", None)
    await world.scheduler.fire("b", START)
    for operation in (world.scheduler.pause, world.scheduler.resume):
        with pytest.raises(ProblemError) as refused:
            await operation("b")
        assert refused.value.type is ProblemType.WRONG_STATE
    assert (await world.put(name="b")).last_error is None
    world.store.data["schedule:b"] = (record, "9")
    await world.scheduler.delete("b")
    assert await world.ids() == ["a", "c"]


async def test_an_id_that_a_crash_left_on_the_list_is_taken_off(world: World) -> None:
    world.store.writes_until_crash = 1
    with pytest.raises(Exception, match="crashed"):
        await world.put()
    world.restart()
    assert await world.reconciler.reconcile()
    assert "plants" not in world.store.data["schedules"][0]


async def test_a_deleted_schedule_leaves_nothing_in_the_store(world: World) -> None:
    await world.put()
    await world.scheduler.delete("plants")
    assert [key for key in world.store.data if "plants" in key] == []
