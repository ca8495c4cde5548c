"""What a history says of its instance as a whole. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opentelemetry.trace import format_trace_id
from pydantic import ValidationError

from orchestrator.dapr_sdk.values import parse_json_or_text, to_datetime
from orchestrator.toolkit.definition import EternalInput
from servicekit.tracing import parse_traceparent


@dataclass
class ExecutionInfo:
    """What a history says of its instance.

    Args:
        version: Which version of it ran last, where it has any.
        patches: The patches that it runs with.
        parent: The instance that called it.
        children: The child instances that it called.
        rerun_of: The instance that it is a rerun of.
        begun_at: When it began, in UTC; of a rerun, when the rerun began.
        ended_at: When it ended, in UTC.
        traceparent: The span that it is part of; of an eternal workflow, the one that started it.
        terminated: The reason that an operator gave for terminating it.
    """

    version: str | None = None
    patches: list[str] = field(default_factory=list)
    parent: str | None = None
    children: list[str] = field(default_factory=list)
    rerun_of: str | None = None
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    traceparent: str | None = None
    terminated: str | None = None

    @property
    def trace_id(self) -> str | None:
        """The id of the trace of `traceparent`."""
        span = parse_traceparent(self.traceparent)
        return format_trace_id(span.trace_id) if span else None


def execution_info_of(history: Sequence[Any]) -> ExecutionInfo:
    """Return what a history, its events in order, says of its instance."""
    info = ExecutionInfo()
    for event in history:
        kind = event.WhichOneof("eventType")
        message: Any = getattr(event, kind) if kind else None
        if kind == "workflowStarted":
            info.version = message.version.name or info.version
            new = [p for p in message.version.patches if p not in info.patches]
            info.patches += new
        elif kind == "executionStarted":
            info.begun_at = to_datetime(event.timestamp)
            info.parent = message.parentInstance.workflowInstance.instanceId or None
            info.traceparent = message.parentTraceContext.traceParent or _started_in(message)
        elif kind == "childWorkflowInstanceCreated" and message.instanceId not in info.children:
            info.children.append(message.instanceId)
        elif kind == "executionTerminated":
            info.terminated = _reason(message.input.value)
        elif kind == "executionCompleted":
            info.ended_at = to_datetime(event.timestamp)
        # The event that a rerun begins at, and no other, names what is repeated; what stands
        # before it is copied.
        if source := _rerun_of(message):
            info.rerun_of, info.begun_at = source, to_datetime(event.timestamp)
    return info


def _rerun_of(message: Any) -> str | None:
    if message is None or "rerunParentInstanceInfo" not in message.DESCRIPTOR.fields_by_name:
        return None
    return message.rerunParentInstanceInfo.instanceID or None


def _started_in(message: Any) -> str | None:
    """Return the traceparent in the input of an eternal workflow."""
    try:
        return EternalInput.model_validate_json(message.input.value or "{}").started_in
    except ValidationError:
        return None


def _reason(text: str) -> str | None:
    given = parse_json_or_text(text)
    if isinstance(given, dict) and isinstance(given.get("reason"), str):
        return str(given["reason"])
    return None if given is None else str(given)
