"""Where an instance began is asked once, and never waited for long."""

from collections.abc import Sequence
from typing import Any

import pytest
from unit_support.untraced import no_answer

from orchestrator.dapr_sdk.private import protos
from orchestrator.telemetry.trace_context import TraceContexts

TRACE = "83cf2a21563d154994e0e101c5b28df4"


class Engine:
    """Has the history of an instance, after so many answers without it."""

    def __init__(self, empty: int = 0) -> None:
        self.empty = empty
        self.asked = 0

    async def history(self, _: str) -> Sequence[Any]:
        self.asked += 1
        if self.asked <= self.empty:
            return []
        started = protos.ExecutionStartedEvent(name="task_processing_workflow")
        started.parentTraceContext.traceParent = f"00-{TRACE}-e910bba9f1740b41-01"
        return [protos.HistoryEvent(executionStarted=started)]


@pytest.fixture(autouse=True)
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have spans sent somewhere."""
    monkeypatch.setattr("orchestrator.telemetry.trace_context.recording", lambda: True)


async def test_it_is_asked_once() -> None:
    engine = Engine()
    trace_contexts = TraceContexts(engine.history)
    assert [await trace_contexts.trace_id("task-1") for _ in range(3)] == [TRACE] * 3
    assert engine.asked == 1


async def test_between_two_generations_it_is_asked_again() -> None:
    engine = Engine(empty=2)
    assert await TraceContexts(engine.history).trace_id("monitor-1") == TRACE
    assert engine.asked == 3


async def test_what_never_began_is_not_known_and_not_remembered() -> None:
    engine = Engine(empty=100)
    trace_contexts = TraceContexts(engine.history)
    assert await trace_contexts.of("task-1") is None
    engine.empty = 0
    assert await trace_contexts.trace_id("task-1") == TRACE


async def test_an_engine_that_does_not_answer_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orchestrator.telemetry.trace_context.PATIENCE_SECONDS", 0.01)
    assert await TraceContexts(no_answer).of("task-1") is None


async def test_where_nothing_is_recorded_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.telemetry.trace_context.recording", lambda: False)
    engine = Engine()
    assert await TraceContexts(engine.history).of("task-1") is None
    assert engine.asked == 0
