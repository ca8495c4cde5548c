"""Instruments activities: a span, log context and metrics for each attempt at a step."""

import functools
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from dapr.ext.workflow import WorkflowActivityContext
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode

from orchestrator.dapr_sdk.management import History
from orchestrator.metrics import COMPENSATIONS, RETRIES, STEP_SECONDS, STEPS_RUNNING
from orchestrator.telemetry.attempt_numbers import Attempt, AttemptNumbers
from orchestrator.telemetry.running_activities import RunningActivities
from orchestrator.telemetry.trace_context import TraceContexts
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import workflow_of

INSTANCE = "taskway.instance_id"
WORKFLOW = "taskway.workflow"
STEP = "taskway.step"
ATTEMPT = "taskway.attempt"
OUTCOME = "taskway.outcome"

Activity = Callable[..., Awaitable[Any]]
log = structlog.get_logger(__name__)
tracer = trace.get_tracer(__name__)


class ActivityInstrumentation:
    """Instruments the activities of a worker."""

    def __init__(self, history: History, catalogue: Catalogue, running: RunningActivities) -> None:
        """Prepare to instrument the activities of the workflows of a catalogue.

        Args:
            history: Returns the events of an instance, on the activities' event loop.
            catalogue: The hosted workflows.
            running: Gets each activity as long as it runs.
        """
        self._catalogue = catalogue
        self._running = running
        self._attempts = AttemptNumbers(history)
        self._trace_contexts = TraceContexts(history)

    def instrument(self, name: str, activity: Activity) -> Activity:
        """Return an activity that does the same, instrumented.

        Args:
            name: Dapr's name of it.
            activity: The activity, whose annotations the SDK reads.
        """

        @functools.wraps(activity)
        async def step(context: WorkflowActivityContext, *args: Any) -> Any:
            inner = context.get_inner_context()
            attempt = Attempt(inner.orchestration_id, inner.task_execution_id, inner.task_id)
            labels = {"workflow": workflow_of(attempt.instance_id), "step": name}
            names = {"instance": attempt.instance_id, **labels}
            with self._running.running(attempt.instance_id, attempt.task_id):
                links = await self._links(attempt.instance_id)
                with _span(name, links) as span, structlog.contextvars.bound_contextvars(**names):
                    return await self._run(span, labels, attempt, activity(context, *args))

        return step

    async def _links(self, instance_id: str) -> list[Link] | None:
        definition = self._catalogue.named(workflow_of(instance_id))
        if definition is None or definition.eternal_input is None:
            return None
        context = await self._trace_contexts.of(instance_id)
        return [Link(context)] if context else []

    async def _run(
        self, span: Span, labels: dict[str, str], attempt: Attempt, work: Awaitable[Any]
    ) -> Any:
        """Await `work` in a span, with its number of attempts, and return its result."""
        workflow, step = labels["workflow"], labels["step"]
        span.set_attributes({INSTANCE: attempt.instance_id, WORKFLOW: workflow, STEP: step})
        if number := self._attempts.begun(attempt):
            span.set_attribute(ATTEMPT, number)
            RETRIES.add(1, labels)
        try:
            result = await self._measured(span, labels, work)
        except Exception as error:
            span.record_exception(error)
            span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
            number = await self._attempts.failed(attempt)
            if number:
                span.set_attribute(ATTEMPT, number)
            # Its history has no stack: see dapr_sdk/failures.py.
            log.warning(
                "activity failed", attempt=number, error=type(error).__name__, stack=_stack(error)
            )
            log.debug("activity failed", message=str(error))
            raise
        self._attempts.succeeded(attempt)
        return result

    async def _measured(self, span: Span, labels: dict[str, str], work: Awaitable[Any]) -> Any:
        """Await `work`, record its duration and outcome, and return its result."""
        began, outcome = time.monotonic(), "interrupted"
        STEPS_RUNNING.add(1)
        try:
            result = await work
        except Exception:
            outcome = "failed"
            raise
        else:
            outcome = "completed"
            return result
        finally:
            span.set_attribute(OUTCOME, outcome)
            STEPS_RUNNING.add(-1)
            ended = {**labels, "outcome": outcome}
            STEP_SECONDS.record(time.monotonic() - began, ended)
            if self._compensates(labels["workflow"], labels["step"]):
                COMPENSATIONS.add(1, ended)

    def _compensates(self, workflow: str, step: str) -> bool:
        definition = self._catalogue.named(workflow)
        return definition is not None and step in definition.compensations


def _stack(error: BaseException) -> str:
    """Return where an error and its causes come from, without their messages."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return frames if error.__cause__ is None else f"{_stack(error.__cause__)}...\n{frames}"


@contextmanager
def _span(name: str, links: list[Link] | None) -> Iterator[Span]:
    """Yield the SDK's span of an activity; for an eternal workflow, the root of a new trace."""
    if links is None:
        yield trace.get_current_span()
        return
    with tracer.start_as_current_span(
        name, context=Context(), kind=SpanKind.CONSUMER, links=links, record_exception=False
    ) as span:
        yield span


def annotate_request_span(instance_id: str, workflow: str) -> None:
    """Set the instance and its workflow as attributes of the current request's span."""
    trace.get_current_span().set_attributes({INSTANCE: instance_id, WORKFLOW: workflow})
