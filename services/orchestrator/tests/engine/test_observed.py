"""What is asked of the engine is seen: in the request's span, in the metrics, by the observer."""

from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from pydantic import BaseModel
from unit_support.startable import Replica
from unit_support.untraced import NO_TRACE_CONTEXTS

from contracts.problems import ProblemType
from orchestrator.engine import client
from orchestrator.engine.client import Engine
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.messages import EventEnvelope
from orchestrator.workflows.task.models import TaskRequest
from orchestrator.workflows.task.workflow import DEFINITION
from servicekit.problems import ProblemError

TASK = TaskRequest(task_id="1", title="T", assignee="alice")
SPAN_ATTRIBUTES = {"taskway.instance_id": "task-1", "taskway.workflow": "task"}
EVENT = EventEnvelope(wait="w", payload={})


class Notes:
    """Keeps what the observer of an engine is notified of."""

    def __init__(self) -> None:
        self.dirty: list[str] = []
        self.begun: list[str] = []

    def started(self, _: Definition, __: BaseModel, instance_id: str) -> None:
        self.begun.append(instance_id)

    def mark_dirty(self, instance_id: str) -> None:
        self.dirty.append(instance_id)


def observed(replica: Replica) -> tuple[Engine, Notes]:
    """Return the engine of a replica with an observer."""
    notes = Notes()
    dapr: Any = replica.dapr
    sdk: Any = replica.client
    return Engine(sdk, dapr, 30.0, NO_TRACE_CONTEXTS, replica.records, notes), notes


async def test_the_request_s_span_names_the_instance_and_its_workflow() -> None:
    engine = Replica().engine
    tracer = TracerProvider().get_tracer("taskway")
    with tracer.start_as_current_span("request") as start:
        await engine.start(DEFINITION, TASK)
    with tracer.start_as_current_span("request") as event:
        await engine.raise_event("task-1", "done", EVENT)
    for span in (start, event):
        assert isinstance(span, ReadableSpan)
        assert dict(span.attributes or {}) == SPAN_ATTRIBUTES


async def test_the_observer_is_notified_of_starts_and_events() -> None:
    engine, notes = observed(Replica())
    await engine.start(DEFINITION, TASK)
    assert (notes.begun, notes.dirty) == (["task-1"], [])
    await engine.raise_event("task-1", "done", EVENT)
    assert (notes.begun, notes.dirty) == (["task-1"], ["task-1"])


async def test_a_start_that_is_refused_is_counted_and_one_that_may_be_repeated_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = InMemoryMetricReader()
    meter = MeterProvider(metric_readers=[reader]).get_meter("taskway")
    monkeypatch.setattr(client, "REFUSED", meter.create_counter("refused"))
    replica = Replica()
    replica.dapr.down = True
    with pytest.raises(ProblemError):
        await replica.engine.start(DEFINITION, TASK)
    replica.dapr.down = False
    with pytest.raises(ProblemError) as error:
        await replica.engine.start(DEFINITION, TASK.model_copy(update={"title": "U"}))
    assert error.value.type is ProblemType.INSTANCE_EXISTS
    data = reader.get_metrics_data()
    assert data is not None
    (metric,) = data.resource_metrics[0].scope_metrics[0].metrics
    assert [(dict(p.attributes), p.value) for p in metric.data.data_points] == [
        ({"workflow": "task", "problem": "INSTANCE_EXISTS"}, 1)
    ]
