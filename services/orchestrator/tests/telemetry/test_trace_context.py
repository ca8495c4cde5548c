"""The trace of an instance is read once, and with a timeout."""

from collections.abc import Sequence
from typing import Any

import pytest
from unit_support.untraced import no_answer

from orchestrator.dapr_sdk.private import protos
from orchestrator.telemetry.trace_context import TraceContexts

TRACE = "83cf2a21563d154994e0e101c5b28df4"


class Engine:
    """Has the history of an instance, after so many empty ones."""

    def __init__(self, empty: int = 0) -> None:
        self.empty = empty
        self.reads = 0

    async def history(self, _: str) -> Sequence[Any]:
        self.reads += 1
        if self.reads <= self.empty:
            return []
        started = protos.ExecutionStartedEvent(name="task_processing_workflow")
        started.parentTraceContext.traceParent = f"00-{TRACE}-e910bba9f1740b41-01"
        return [protos.HistoryEvent(executionStarted=started)]


@pytest.fixture(autouse=True)
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable tracing."""
    monkeypatch.setattr("orchestrator.telemetry.trace_context.recording", lambda: True)


async def test_a_trace_context_is_cached() -> None:
    engine = Engine()
    trace_contexts = TraceContexts(engine.history)
    assert [await trace_contexts.trace_id("task-1") for _ in range(3)] == [TRACE] * 3
    assert engine.reads == 1


async def test_an_empty_history_is_read_again() -> None:
    engine = Engine(empty=2)
    assert await TraceContexts(engine.history).trace_id("monitor-1") == TRACE
    assert engine.reads == 3


async def test_an_instance_without_a_start_is_not_cached() -> None:
    engine = Engine(empty=100)
    trace_contexts = TraceContexts(engine.history)
    assert await trace_contexts.of("task-1") is None
    engine.empty = 0
    assert await trace_contexts.trace_id("task-1") == TRACE


async def test_a_hanging_engine_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orchestrator.telemetry.trace_context.TIMEOUT_SECONDS", 0.01)
    assert await TraceContexts(no_answer).of("task-1") is None


async def test_no_history_is_read_without_tracing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.telemetry.trace_context.recording", lambda: False)
    engine = Engine()
    assert await TraceContexts(engine.history).of("task-1") is None
    assert engine.reads == 0
