"""What a history says of the instance as a whole. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestrator.operations.values import at, plain


@dataclass
class Facts:
    """What is known of an instance from its history.

    Args:
        name: Dapr's name of the workflow.
        version: Which version of it ran last, where it has any.
        patches: The patches that it took.
        parent: The instance that called it.
        children: The child instances that it called.
        rerun_of: The instance that it repeats.
        begun_at: When it began; of a rerun, when that did.
        ended_at: When it ended.
        trace_id: The trace that it is part of.
        terminated: Why somebody ended it.
    """

    name: str | None = None
    version: str | None = None
    patches: list[str] = field(default_factory=list)
    parent: str | None = None
    children: list[str] = field(default_factory=list)
    rerun_of: str | None = None
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    trace_id: str | None = None
    terminated: str | None = None


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
            facts.name, facts.begun_at = message.name, at(event.timestamp)
            facts.parent = message.parentInstance.workflowInstance.instanceId or None
            facts.trace_id = _trace_id(message.parentTraceContext.traceParent)
        elif kind == "childWorkflowInstanceCreated" and message.instanceId not in facts.children:
            facts.children.append(message.instanceId)
        elif kind == "executionTerminated":
            facts.terminated = _reason(message.input.value)
        elif kind == "executionCompleted":
            facts.ended_at = at(event.timestamp)
        # The event that a rerun begins at, and no other, names what is repeated; what stands
        # before it is copied.
        if source := _rerun_of(message):
            facts.rerun_of, facts.begun_at = source, at(event.timestamp)
    return facts


def _rerun_of(message: Any) -> str | None:
    if message is None or "rerunParentInstanceInfo" not in message.DESCRIPTOR.fields_by_name:
        return None
    return message.rerunParentInstanceInfo.instanceID or None


def _trace_id(traceparent: str) -> str | None:
    """Return the second field of a `traceparent` (https://www.w3.org/TR/trace-context)."""
    parts = traceparent.split("-")
    return parts[1] if len(parts) == 4 else None


def _reason(text: str) -> str | None:
    given = plain(text)
    if isinstance(given, dict) and isinstance(given.get("reason"), str):
        return str(given["reason"])
    return None if given is None else str(given)
