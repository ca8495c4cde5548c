"""How far an instance is, as the API shows it. No I/O."""

import json
from datetime import UTC, datetime
from typing import Any

from dapr.ext.workflow import WorkflowState
from pydantic import BaseModel

from contracts.orchestrator import InstanceStatus, Progress, RuntimeStatus


def shown(
    state: WorkflowState, output: type[BaseModel] | None, trace_id: str | None
) -> InstanceStatus[Any]:
    """Return an instance as the API shows it.

    Args:
        state: The instance as Dapr has it.
        output: The model of its result; None shows any result as it is.
        trace_id: The trace that it is part of.
    """
    status = RuntimeStatus(state.runtime_status.name)
    result = state.serialized_output if status is RuntimeStatus.COMPLETED else None
    read = output.model_validate_json if output else json.loads
    failure = state.failure_details
    return InstanceStatus[Any](
        instance_id=state.instance_id,
        status=status,
        output=read(result) if result else None,
        custom_status=progress_of(state),
        error=failure.message if failure else None,
        trace_id=trace_id,
        created_at=_utc(state.created_at),
        last_updated_at=_utc(state.last_updated_at),
    )


def progress_of(state: WorkflowState) -> Progress | None:
    """Return what an instance says that it is doing."""
    serialized = state.serialized_custom_status
    return Progress.model_validate_json(serialized) if serialized else None


def _utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
