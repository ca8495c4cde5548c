"""Adds spans for waits: how long an instance waited for an event, and which request sent it."""

import time

from opentelemetry import trace
from opentelemetry.trace import Link, NonRecordingSpan

from orchestrator.schemas.workflows import Wait
from orchestrator.telemetry.activity_spans import INSTANCE, WORKFLOW
from orchestrator.telemetry.trace_context import TraceContexts
from orchestrator.toolkit.definition import workflow_of

tracer = trace.get_tracer(__name__)

EVENT = "taskway.event"


async def add_wait_span(trace_contexts: TraceContexts, instance_id: str, wait: Wait) -> None:
    """Add a span to the trace of an instance: a wait that the current request has ended.

    That span and the request's are linked, for each is in a trace of its own. An eternal workflow
    gets no span, for the trace that started it has ended; the request is linked to that.

    Args:
        trace_contexts: Which trace an instance is part of.
        instance_id: The instance that waited.
        wait: What it waited for.
    """
    begun = await trace_contexts.of(instance_id)
    if begun is None:
        return
    request = trace.get_current_span()
    since = wait.since.timestamp() if wait.since else time.time()
    span = tracer.start_span(
        f"wait for {wait.event}",
        context=trace.set_span_in_context(NonRecordingSpan(begun)),
        start_time=round(since * 1_000_000) * 1_000,
        links=[Link(request.get_span_context())],
        attributes={
            INSTANCE: instance_id,
            WORKFLOW: workflow_of(instance_id),
            EVENT: wait.event,
        },
    )
    request.add_link(span.get_span_context())
    span.end()
