"""A run that cannot be started never keeps its schedule from the next one."""

from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from unit_support.schedules import DAILY, OFTEN, START, World

from contracts.problems import ProblemType
from orchestrator.scheduling import firing
from orchestrator.scheduling.dapr_jobs import ArmedJob
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

DOWN = ProblemError(ProblemType.UNAVAILABLE, "down")
NINE = datetime(2026, 1, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ID = "task-plants.2026-01-01T09:00:00Z"


@pytest.fixture
def world() -> World:
    return World(schedule_start_tries=3)


async def retry(world: World, tries: int) -> None:
    """Trigger the job of the run at nine, as Dapr's scheduler does until it succeeds."""
    for _ in range(tries):
        with pytest.raises(ProblemError):
            await world.scheduler.fire("plants", NINE)


async def test_a_run_that_fails_for_a_while_is_started_under_the_same_id(world: World) -> None:
    await world.put()
    world.engine.error = DOWN
    await retry(world, 2)
    waiting = await world.scheduler.get("plants")
    assert (waiting.next_at, waiting.last_error, waiting.failed_tries) == (NINE, "down", 2)
    world.engine.error = None
    await world.scheduler.fire("plants", NINE)
    assert list(world.engine.started) == [ID]
    schedule = await world.scheduler.get("plants")
    assert (schedule.last_instance, schedule.last_error, schedule.failed_tries) == (ID, None, 0)


@pytest.mark.parametrize("error", [DOWN, StoreUnavailable("torn"), KeyError("torn")])
async def test_a_run_that_never_starts_is_given_up_once_the_next_is_due(
    world: World, error: Exception
) -> None:
    """A restart of the process does not begin the tries anew."""
    await world.put()
    world.engine.error = error
    await retry(world, 3)
    world.restart()
    world.now = NINE + DAY - timedelta(seconds=1)
    await retry(world, 1)
    assert (await world.scheduler.get("plants")).failed_tries == 4
    world.now = NINE + DAY
    await world.scheduler.fire("plants", NINE)
    schedule = await world.scheduler.get("plants")
    assert schedule.last_error
    assert (schedule.last_at, schedule.last_instance, schedule.failed_tries) == (NINE, None, 0)
    assert schedule.next_at == NINE + 2 * DAY == world.jobs.due()[-1]
    world.engine.error = None
    await world.scheduler.fire("plants", NINE + 2 * DAY)
    assert len(world.engine.started) == 1


async def test_a_run_has_its_tries_also_where_the_next_is_due(world: World) -> None:
    await world.put(OFTEN)
    [due] = world.jobs.due()
    world.engine.error = DOWN
    world.now = due + timedelta(hours=1)
    for _ in range(2):
        with pytest.raises(ProblemError):
            await world.scheduler.fire("plants", due)
    await world.scheduler.fire("plants", due)
    assert (await world.scheduler.get("plants")).next_at == world.now + timedelta(minutes=1)


async def test_a_schedule_that_is_changed_or_paused_has_all_its_tries_again(world: World) -> None:
    await world.put()
    world.engine.error = DOWN
    await retry(world, 2)
    title = {"request": {"title": "Feed the cat", "assignee": "bo"}}
    assert (await world.put(DAILY.model_copy(update=title))).failed_tries == 0
    await retry(world, 2)
    assert (await world.scheduler.pause("plants")).failed_tries == 0


async def test_each_run_is_counted_once_by_what_came_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = InMemoryMetricReader()
    meter = MeterProvider(metric_readers=[reader]).get_meter("taskway")
    monkeypatch.setattr(firing, "SCHEDULED_RUNS", meter.create_counter("runs"))
    await world.put()
    await world.advance(NINE + DAY)
    world.engine.error = ProblemError(ProblemType.INSTANCE_EXISTS, "taken")
    await world.advance(NINE + 2 * DAY)
    data = reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    counted = {str(p.attributes["outcome"]): p.value for p in metric.data.data_points}
    assert counted == {"started": 2, "failed": 1}


async def test_the_start_of_a_run_is_a_span_that_names_its_schedule(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(firing, "tracer", provider.get_tracer("taskway"))
    await world.put()
    await world.advance(NINE)
    [span] = spans.get_finished_spans()
    assert dict(span.attributes or {}) == {"taskway.schedule": "plants"}


async def test_a_run_without_a_next_one_is_given_up(world: World) -> None:
    await world.put()
    stored, _ = world.store.data["schedule:plants"]
    world.store.data["schedule:plants"] = (stored.replace("0 9 * * *", "never"), "7")
    world.engine.error = DOWN
    await retry(world, 2)
    await world.scheduler.fire("plants", NINE)
    schedule = await world.scheduler.get("plants")
    assert (schedule.next_at, schedule.last_at) == (None, NINE)


@pytest.mark.parametrize(
    "kind", [ProblemType.INSTANCE_EXISTS, ProblemType.INSTANCE_GONE, ProblemType.VALIDATION]
)
async def test_a_run_that_is_refused_is_recorded_and_the_next_is_armed(
    world: World, kind: ProblemType
) -> None:
    await world.put()
    world.engine.error = ProblemError(kind, "taken")
    await world.advance(START + timedelta(hours=1))
    schedule = await world.scheduler.get("plants")
    assert (schedule.last_error, schedule.last_instance) == ("taken", None)
    assert schedule.next_at == NINE + DAY
    assert world.engine.tries == 1


async def test_an_unavailable_store_costs_no_try(world: World) -> None:
    await world.put()
    world.engine.error = DOWN
    for _ in range(5):
        world.store.writes_until_crash = 0
        with pytest.raises(StoreUnavailable):
            await world.scheduler.fire("plants", NINE)
    assert (await world.scheduler.get("plants")).failed_tries == 0


async def test_a_workflow_that_is_gone_is_an_error_of_the_run(world: World) -> None:
    await world.put()
    world.store.data["schedule:plants"] = (
        world.store.data["schedule:plants"][0].replace('"task"', '"bygone"'),
        "7",
    )
    await world.scheduler.fire("plants", NINE)
    schedule = await world.scheduler.get("plants")
    assert "there is no 'bygone'" in (schedule.last_error or "")
    assert schedule.next_at == NINE + DAY


async def test_times_that_are_no_longer_valid_end_a_schedule_with_an_error(world: World) -> None:
    await world.put()
    world.store.data["schedule:plants"] = (
        world.store.data["schedule:plants"][0].replace("0 9 * * *", "0 0 9 * * *"),
        "7",
    )
    await world.scheduler.fire("plants", NINE)
    schedule = await world.scheduler.get("plants")
    assert (schedule.next_at, schedule.last_instance) == (None, ID)
    assert "five fields" in (schedule.last_error or "")
    # It can be repaired.
    assert (await world.put()).next_at == NINE


async def test_a_job_of_an_earlier_release_fires_and_is_followed(world: World) -> None:
    await world.put()
    world.jobs.jobs = {"schedule-plants": ArmedJob("schedule-plants", "plants", NINE)}
    assert await world.reconciler.reconcile()
    assert list(world.jobs.jobs) == ["schedule-plants"]
    await world.advance(NINE)
    assert list(world.engine.started) == [ID]
    assert world.jobs.due() == [NINE + DAY]


async def test_a_run_starts_although_the_one_before_has_not_ended(world: World) -> None:
    """Whatever runs, it is not looked at."""
    await world.put(OFTEN)
    await world.advance(START + timedelta(minutes=3))
    assert len(world.engine.started) == 3
