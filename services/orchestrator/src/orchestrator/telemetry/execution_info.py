"""What a history says of the instance as a whole. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opentelemetry.trace import format_trace_id
from pydantic import ValidationError

from orchestrator.dapr_sdk.values import parse_json_or_text, to_datetime
from orchestrator.toolkit.definition import EternalInput
from servicekit.tracing import span_named


@dataclass
class Facts:
    """What is known of an instance from its history.

    Args:
        version: Which version of it ran last, where it has any.
        patches: The patches that it took.
        parent: The instance that called it.
        children: The child instances that it called.
        rerun_of: The instance that it repeats.
        begun_at: When it began; of a rerun, when that did.
        ended_at: When it ended.
        started_in: The span that it is part of, or was started in, as a `traceparent`.
        terminated: Why somebody ended it.
    """

    version: str | None = None
    patches: list[str] = field(default_factory=list)
    parent: str | None = None
    children: list[str] = field(default_factory=list)
    rerun_of: str | None = None
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    started_in: str | None = None
    terminated: str | None = None

    @property
    def trace_id(self) -> str | None:
        """The trace of that span."""
        span = span_named(self.started_in)
        return format_trace_id(span.trace_id) if span else None


def facts_of(history: Sequence[Any]) -> Facts:
    """Return what a history says of its instance."""
    facts = Facts()
    for event in history:
        kind = event.WhichOneof("eventType")
        message: Any = getattr(event, kind) if kind else None
        if kind == "workflowStarted":
            facts.version = message.version.name or facts.version
            new = [p for p in message.version.patches if p not in facts.patches]
            facts.patches += new
        elif kind == "executionStarted":
            facts.begun_at = to_datetime(event.timestamp)
            facts.parent = message.parentInstance.workflowInstance.instanceId or None
            facts.started_in = message.parentTraceContext.traceParent or _started_in(message)
        elif kind == "childWorkflowInstanceCreated" and message.instanceId not in facts.children:
            facts.children.append(message.instanceId)
        elif kind == "executionTerminated":
            facts.terminated = _reason(message.input.value)
        elif kind == "executionCompleted":
            facts.ended_at = to_datetime(event.timestamp)
        # The event that a rerun begins at, and no other, names what is repeated; what stands
        # before it is copied.
        if source := _rerun_of(message):
            facts.rerun_of, facts.begun_at = source, to_datetime(event.timestamp)
    return facts


def _rerun_of(message: Any) -> str | None:
    if message is None or "rerunParentInstanceInfo" not in message.DESCRIPTOR.fields_by_name:
        return None
    return message.rerunParentInstanceInfo.instanceID or None


def _started_in(message: Any) -> str | None:
    """Return what the input of an eternal workflow says of it."""
    try:
        return EternalInput.model_validate_json(message.input.value or "{}").started_in
    except ValidationError:
        return None


def _reason(text: str) -> str | None:
    given = parse_json_or_text(text)
    if isinstance(given, dict) and isinstance(given.get("reason"), str):
        return str(given["reason"])
    return None if given is None else str(given)
