"""Attempts are numbered by the engine's history, and from there on by this process."""

from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from unit_support.untraced import no_answer

from orchestrator.dapr_sdk.private import protos
from orchestrator.telemetry.attempt_numbers import KEPT, Attempt, Attempts


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


async def test_what_never_failed_has_no_number() -> None:
    attempts = Attempts(Engine(scheduled(0, "a")).history)
    assert attempts.begun(attempt(0)) is None


async def test_the_history_counts_the_attempts_at_one_step() -> None:
    engine = Engine(scheduled(0, "other"), scheduled(1, "a"), scheduled(3, "a"))
    attempts = Attempts(engine.history)
    assert await attempts.failed(attempt(3)) == 2
    assert attempts.begun(attempt(5)) == 3
    assert attempts.begun(attempt(5, "other")) is None


async def test_an_attempt_that_is_not_written_down_yet_counts() -> None:
    assert await Attempts(Engine(scheduled(1, "a")).history).failed(attempt(3)) == 2


async def test_the_same_attempt_handed_out_again_is_the_same() -> None:
    attempts = Attempts(Engine(scheduled(1, "a")).history)
    await attempts.failed(attempt(1))
    assert attempts.begun(attempt(1)) == 1


async def test_a_step_that_succeeded_is_forgotten() -> None:
    attempts = Attempts(Engine(scheduled(1, "a")).history)
    await attempts.failed(attempt(1))
    attempts.succeeded(attempt(3))
    assert attempts.begun(attempt(3)) is None


async def test_an_engine_that_is_away_leaves_it_without_a_number() -> None:
    engine = Engine()
    engine.down = True
    attempts = Attempts(engine.history)
    assert await attempts.failed(attempt(1)) is None
    assert attempts.begun(attempt(3)) is None


async def test_no_more_than_so_many_are_kept() -> None:
    attempts = Attempts(Engine().history)
    for number in range(KEPT + 1):
        await attempts.failed(attempt(1, str(number)))
    assert attempts.begun(attempt(2, "0")) is None
    assert attempts.begun(attempt(2, str(KEPT))) == 2


async def test_an_engine_that_does_not_answer_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orchestrator.telemetry.attempt_numbers.PATIENCE_SECONDS", 0.01)
    assert await Attempts(no_answer).failed(attempt(1)) is None
