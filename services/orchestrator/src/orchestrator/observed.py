"""Says on each span and log line of an activity which step of which instance it is."""

import functools
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from dapr.ext.workflow import WorkflowActivityContext
from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode

from orchestrator.catalogue import definition_named
from orchestrator.metrics import STEP_SECONDS, STEPS_RUNNING

INSTANCE = "taskway.instance_id"
WORKFLOW = "taskway.workflow"
STEP = "taskway.step"
OUTCOME = "taskway.outcome"

Activity = Callable[..., Awaitable[Any]]


def observed(name: str, activity: Activity) -> Activity:
    """Return an activity that does the same, with its span and its log lines named.

    Args:
        name: Dapr's name of it.
        activity: The activity, whose annotations the SDK reads.
    """

    @functools.wraps(activity)
    async def step(context: WorkflowActivityContext, *args: Any) -> Any:
        instance_id = context.workflow_id
        workflow = workflow_of(instance_id)
        span = trace.get_current_span()
        span.set_attributes({INSTANCE: instance_id, WORKFLOW: workflow, STEP: name})
        names = {"instance": instance_id, "workflow": workflow, "step": name}
        began, outcome = time.monotonic(), "completed"
        STEPS_RUNNING.add(1)
        with structlog.contextvars.bound_contextvars(**names):
            try:
                return await activity(context, *args)
            except Exception as error:
                outcome = "failed"
                span.record_exception(error)
                span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
                raise
            finally:
                span.set_attribute(OUTCOME, outcome)
                STEPS_RUNNING.add(-1)
                labels = {"workflow": workflow, "step": name, "outcome": outcome}
                STEP_SECONDS.record(time.monotonic() - began, labels)

    return step


def workflow_of(instance_id: str) -> str:
    """Return the short name that an instance's id begins with; a child's begins with its parent's.

    A child of what is no longer in the catalogue has the first part of its id.
    """
    first = instance_id.partition("-")[0]
    definition = definition_named(first)
    return definition.name if definition else first


def name_request(instance_id: str, workflow: str) -> None:
    """Say on the span of the current request which instance it is about."""
    trace.get_current_span().set_attributes({INSTANCE: instance_id, WORKFLOW: workflow})
