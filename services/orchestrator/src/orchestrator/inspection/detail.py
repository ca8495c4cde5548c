"""Puts together what is known of an instance. No I/O."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from contracts.detail import InstanceDetail, WaitingReason
from contracts.orchestrator import RuntimeStatus
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.dapr_sdk.values import parse_json_or_text
from orchestrator.telemetry.execution_info import ExecutionInfo
from orchestrator.toolkit.definition import Definition


def detail_of(
    state: InstanceState,
    facts: ExecutionInfo,
    why: Sequence[WaitingReason],
    definition: Definition | None,
    rerun_of: str | None,
    jaeger_url: str | None,
    now: datetime,
) -> InstanceDetail:
    """Return an instance as the API shows it.

    Args:
        state: Its state, with payloads.
        facts: What the history says.
        why: What it waits for.
        definition: Its workflow; None for a child, or what is not ours.
        rerun_of: The instance that it repeats, as noted by us.
        jaeger_url: Where Jaeger's page is, if anywhere.
        now: The time.
    """
    ended = (facts.ended_at or state.last_updated_at) if state.terminal else None
    begun = facts.begun_at if facts.rerun_of and facts.begun_at else state.created_at
    completed = state.status is RuntimeStatus.COMPLETED
    return InstanceDetail(
        instance_id=state.instance_id,
        workflow=definition.name if definition else state.name,
        version=facts.version or state.version,
        patches=facts.patches,
        status=state.status,
        input=_typed(state.input, definition.parse_input if definition else None),
        output=_typed(state.output, definition.output.model_validate_json if definition else None)
        if completed
        else None,
        error=_error(state, facts),
        custom_status=state.progress,
        why=list(why),
        parent=facts.parent or state.parent,
        children=facts.children,
        rerun_of=facts.rerun_of or rerun_of,
        trace_id=facts.trace_id,
        trace_url=f"{jaeger_url.rstrip('/')}/trace/{facts.trace_id}"
        if jaeger_url and facts.trace_id
        else None,
        created_at=state.created_at,
        last_updated_at=state.last_updated_at,
        completed_at=ended,
        duration_seconds=max(0.0, ((ended or now) - begun).total_seconds()),
    )


def _typed(text: str | None, read: Callable[[str], BaseModel] | None) -> Any:
    if read is not None and text:
        try:
            return json.loads(read(text).model_dump_json())
        except ValidationError:
            # Of an age when the model was another.
            return parse_json_or_text(text)
    return parse_json_or_text(text)


def _error(state: InstanceState, facts: ExecutionInfo) -> str | None:
    if state.status is RuntimeStatus.FAILED:
        return state.error
    return facts.terminated if state.status is RuntimeStatus.TERMINATED else None
