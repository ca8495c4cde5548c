"""Shows in an instance's trace how long it waited for an event, and which request sent that."""

import time

import structlog
from grpc.aio import AioRpcError
from opentelemetry import trace
from opentelemetry.trace import Link, NonRecordingSpan

from contracts.orchestrator import Wait
from orchestrator.management import History
from orchestrator.observed import INSTANCE, WORKFLOW, workflow_of
from orchestrator.operations.facts import facts_of
from servicekit.tracing import recording, span_named

log = structlog.get_logger(__name__)
tracer = trace.get_tracer(__name__)

EVENT = "taskway.event"


async def show_wait(history: History, instance_id: str, wait: Wait) -> None:
    """Add a span to the trace of an instance: a wait that the current request has ended.

    That span and the request's are linked, for each is in a trace of its own. What goes on for
    ever gets no span, for the trace that it was started in has ended; the request is linked to it.

    Args:
        history: Returns the events of an instance.
        instance_id: What waited.
        wait: For what.
    """
    if not recording():
        return
    try:
        begun = span_named(facts_of(await history(instance_id)).started_in)
    except AioRpcError as error:
        log.warning("a wait is missing in its trace", instance=instance_id, code=error.code().name)
        return
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
