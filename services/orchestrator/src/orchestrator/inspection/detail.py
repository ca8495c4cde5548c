"""The detail of an instance, from its state and its history. No I/O."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.dapr_sdk.values import parse_json_or_text
from orchestrator.schemas.detail import InstanceDetail, WaitingReason
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.telemetry.execution_info import ExecutionInfo
from orchestrator.toolkit.definition import Definition


def detail_of(
    state: InstanceState,
    info: ExecutionInfo,
    why: Sequence[WaitingReason],
    definition: Definition | None,
    rerun_of: str | None,
    jaeger_url: str | None,
    now: datetime,
) -> InstanceDetail:
    """Return an instance as the API shows it.

    Args:
        state: Its state, with payloads.
        info: What its history says.
        why: The reasons why it waits.
        definition: Its workflow; None for a child, or a workflow that is not hosted here.
        rerun_of: The instance that it repeats, as recorded when it was started.
        jaeger_url: The address of Jaeger's UI, if there is one.
        now: The current time.
    """
    ended = (info.ended_at or state.last_updated_at) if state.terminal else None
    begun = info.begun_at if info.rerun_of and info.begun_at else state.created_at
    completed = state.status is RuntimeStatus.COMPLETED
    return InstanceDetail(
        instance_id=state.instance_id,
        workflow=definition.name if definition else state.name,
        version=info.version or state.version,
        patches=info.patches,
        status=state.status,
        outcome=state.outcome,
        input=_typed(state.input, definition.parse_input if definition else None),
        output=_typed(state.output, definition.output.model_validate_json if definition else None)
        if completed
        else None,
        error=_error(state, info),
        custom_status=state.progress,
        why=list(why),
        parent=info.parent or state.parent,
        children=info.children,
        rerun_of=info.rerun_of or rerun_of,
        trace_id=info.trace_id,
        trace_url=f"{jaeger_url.rstrip('/')}/trace/{info.trace_id}"
        if jaeger_url and info.trace_id
        else None,
        created_at=state.created_at,
        last_updated_at=state.last_updated_at,
        completed_at=ended,
        duration_seconds=max(0.0, ((ended or now) - begun).total_seconds()),
    )


def _typed(text: str | None, parse: Callable[[str], BaseModel] | None) -> Any:
    if parse is not None and text:
        try:
            return json.loads(parse(text).model_dump_json())
        except ValidationError:
            # It was started by an earlier version of the model.
            return parse_json_or_text(text)
    return parse_json_or_text(text)


def _error(state: InstanceState, info: ExecutionInfo) -> str | None:
    if state.status is RuntimeStatus.FAILED:
        return state.error
    return info.terminated if state.status is RuntimeStatus.TERMINATED else None
