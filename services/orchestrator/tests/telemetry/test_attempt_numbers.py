"""Attempts are numbered by the history, and the ones after it by this process."""

from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from unit_support.untraced import no_answer

from orchestrator.dapr_sdk.private import protos
from orchestrator.telemetry.attempt_numbers import MAX_CACHED, Attempt, AttemptNumbers


def scheduled(task_id: int, execution_id: str) -> Any:
    task = protos.TaskScheduledEvent(name="step", taskExecutionId=execution_id)
    return protos.HistoryEvent(eventId=task_id, taskScheduled=task)


class Engine:
    """Has one history."""

    def __init__(self, *events: Any) -> None:
        self.events = list(events)
        self.down = False

    async def history(self, _: str) -> Sequence[Any]:
        if self.down:
            raise AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata())
        return self.events


def attempt(task_id: int, execution_id: str = "a") -> Attempt:
    return Attempt("task-1", execution_id, task_id)


async def test_an_activity_that_never_failed_has_no_number() -> None:
    attempts = AttemptNumbers(Engine(scheduled(0, "a")).history)
    assert attempts.begun(attempt(0)) is None


async def test_attempts_are_counted_by_execution_id() -> None:
    engine = Engine(scheduled(0, "other"), scheduled(1, "a"), scheduled(3, "a"))
    attempts = AttemptNumbers(engine.history)
    assert await attempts.failed(attempt(3)) == 2
    assert attempts.begun(attempt(5)) == 3
    assert attempts.begun(attempt(5, "other")) is None


async def test_an_attempt_that_the_history_has_not_yet_counts() -> None:
    assert await AttemptNumbers(Engine(scheduled(1, "a")).history).failed(attempt(3)) == 2


async def test_an_attempt_that_is_dispatched_twice_keeps_its_number() -> None:
    attempts = AttemptNumbers(Engine(scheduled(1, "a")).history)
    await attempts.failed(attempt(1))
    assert attempts.begun(attempt(1)) == 1


async def test_an_activity_that_succeeded_has_no_number_any_more() -> None:
    attempts = AttemptNumbers(Engine(scheduled(1, "a")).history)
    await attempts.failed(attempt(1))
    attempts.succeeded(attempt(3))
    assert attempts.begun(attempt(3)) is None


async def test_an_unavailable_engine_leaves_no_number() -> None:
    engine = Engine()
    engine.down = True
    attempts = AttemptNumbers(engine.history)
    assert await attempts.failed(attempt(1)) is None
    assert attempts.begun(attempt(3)) is None


async def test_the_cache_is_bounded() -> None:
    attempts = AttemptNumbers(Engine().history)
    for number in range(MAX_CACHED + 1):
        await attempts.failed(attempt(1, str(number)))
    assert attempts.begun(attempt(2, "0")) is None
    assert attempts.begun(attempt(2, str(MAX_CACHED))) == 2


async def test_a_hanging_engine_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orchestrator.telemetry.attempt_numbers.TIMEOUT_SECONDS", 0.01)
    assert await AttemptNumbers(no_answer).failed(attempt(1)) is None
