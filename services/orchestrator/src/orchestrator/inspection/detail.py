"""Puts together what is known of an instance. No I/O."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from contracts.detail import InstanceDetail, WaitingReason
from contracts.orchestrator import TERMINAL, RuntimeStatus
from orchestrator.dapr_sdk.state import progress_of, status_of
from orchestrator.dapr_sdk.values import at, plain
from orchestrator.telemetry.execution_info import Facts
from orchestrator.toolkit.definition import Definition


def detail_of(
    state: Any,
    facts: Facts,
    why: Sequence[WaitingReason],
    definition: Definition | None,
    rerun_of: str | None,
    jaeger_url: str | None,
    now: datetime,
) -> InstanceDetail:
    """Return an instance as the API shows it.

    Args:
        state: The raw state, with payloads.
        facts: What the history says.
        why: What it waits for.
        definition: Its workflow; None for a child, or what is not ours.
        rerun_of: The instance that it repeats, as noted by us.
        jaeger_url: Where Jaeger's page is, if anywhere.
        now: The time.
    """
    status = status_of(state)
    created, updated = at(state.createdTimestamp), at(state.lastUpdatedTimestamp)
    ended = (facts.ended_at or updated) if status in TERMINAL else None
    begun = facts.begun_at if facts.rerun_of and facts.begun_at else created
    completed = status is RuntimeStatus.COMPLETED
    return InstanceDetail(
        instance_id=state.instanceId,
        workflow=definition.name if definition else state.name,
        version=facts.version or state.version.value or None,
        patches=facts.patches,
        status=status,
        input=_typed(state.input.value, definition.parse_input if definition else None),
        output=_typed(
            state.output.value, definition.output.model_validate_json if definition else None
        )
        if completed
        else None,
        error=_error(state, status, facts),
        custom_status=progress_of(state),
        why=list(why),
        parent=facts.parent or state.parentInstanceId.value or None,
        children=facts.children,
        rerun_of=facts.rerun_of or rerun_of,
        trace_id=facts.trace_id,
        trace_url=f"{jaeger_url.rstrip('/')}/trace/{facts.trace_id}"
        if jaeger_url and facts.trace_id
        else None,
        created_at=created,
        last_updated_at=updated,
        completed_at=ended,
        duration_seconds=max(0.0, ((ended or now) - begun).total_seconds()),
    )


def _typed(text: str, read: Callable[[str], BaseModel] | None) -> Any:
    if read is not None and text:
        try:
            return json.loads(read(text).model_dump_json())
        except ValidationError:
            # Of an age when the model was another.
            return plain(text)
    return plain(text)


def _error(state: Any, status: RuntimeStatus, facts: Facts) -> str | None:
    if status is RuntimeStatus.FAILED:
        return state.failureDetails.errorMessage or None
    return facts.terminated if status is RuntimeStatus.TERMINATED else None
