"""A background task that fails is noticed and restarted."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from structlog.testing import capture_logs

from servicekit import background
from servicekit.background import Backoff, Supervisor
from servicekit.readiness import Readiness
from support.system import eventually

QUICK = Backoff(first_seconds=0.001, longest_seconds=0.002, settled_seconds=30)


class Task:
    """Fails a number of times, and then runs until it is cancelled."""

    def __init__(self, failures: int, error: Callable[[], BaseException] = RuntimeError) -> None:
        self.failures = failures
        self.error = error
        self.runs = 0
        self.cancelled = False

    async def __call__(self) -> None:
        self.runs += 1
        if self.runs <= self.failures:
            raise self.error()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled = True

    def ran(self, times: int) -> Callable[[], Awaitable[bool]]:
        """Return the condition that the task began at least so many times."""

        async def condition() -> bool:
            return self.runs >= times

        return condition


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return as soon as a condition is met."""

    async def look() -> bool | None:
        return await condition() or None

    await eventually(look, "the condition", within=5)


@pytest.fixture
def readiness() -> Readiness:
    return Readiness()


async def test_a_task_runs_as_long_as_the_context_lasts(readiness: Readiness) -> None:
    task = Task(failures=0)

    async with Supervisor(readiness).running("listing", task):
        await until(task.ran(1))

    assert task.cancelled


@pytest.mark.parametrize("error", [RuntimeError, ValueError, asyncio.CancelledError])
async def test_a_task_that_fails_is_restarted_and_logged_each_time(
    readiness: Readiness,
    error: Callable[[], BaseException],
) -> None:
    task = Task(failures=3, error=error)

    with capture_logs() as logs:
        async with Supervisor(readiness, QUICK).running("listing", task):
            await until(task.ran(4))

    assert [(line["task"], line["failures"], line["exc_info"]) for line in logs] == [
        ("listing", failures, True) for failures in (1, 2, 3)
    ]


async def test_failures_are_counted_by_task(
    readiness: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = InMemoryMetricReader()
    meter = MeterProvider(metric_readers=[reader]).get_meter("taskway")
    monkeypatch.setattr(background, "FAILURES", meter.create_counter("failures"))
    task = Task(failures=3)

    async with Supervisor(readiness, QUICK).running("listing", task):
        await until(task.ran(4))

    data = reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    assert [(dict(p.attributes), p.value) for p in metric.data.data_points] == [
        ({"task": "listing"}, 3)
    ]


async def test_a_task_that_returns_is_not_restarted(readiness: Readiness) -> None:
    runs = 0

    async def once() -> None:
        nonlocal runs
        runs += 1

    async with Supervisor(readiness, QUICK).running("arming", once):
        await asyncio.sleep(0.05)

        assert runs == 1
        assert await readiness.reasons() == []


async def test_a_task_that_keeps_failing_makes_the_service_not_ready(readiness: Readiness) -> None:
    task = Task(failures=1_000)

    async with Supervisor(readiness, QUICK).running("listing", task):
        await until(task.ran(4))
        assert await readiness.reasons() == ["the background task listing keeps failing"]

    assert await readiness.reasons() == []


async def test_a_task_that_failed_and_goes_on_makes_the_service_ready_again(
    readiness: Readiness,
) -> None:
    task, now = Task(failures=3), 0.0

    async with Supervisor(readiness, QUICK, lambda: now).running("listing", task):
        await until(task.ran(4))
        assert await readiness.reasons() != []
        now = QUICK.settled_seconds
        assert await readiness.reasons() == []


async def test_few_failures_leave_the_service_ready(readiness: Readiness) -> None:
    task = Task(failures=2)

    async with Supervisor(readiness, QUICK).running("listing", task):
        await until(task.ran(3))
        assert await readiness.reasons() == []


def test_the_pause_grows_up_to_a_limit() -> None:
    backoff = Backoff(first_seconds=1, longest_seconds=60)

    pauses = [backoff.pause(failures) for failures in (1, 2, 3, 7, 10_000)]

    assert pauses == [1, 2, 4, 60, 60]
