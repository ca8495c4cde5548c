"""How far an instance is, in the API's form. No I/O."""

import json
from typing import Any

from pydantic import BaseModel

from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.schemas.workflows import InstanceStatus, RuntimeStatus


def to_api(
    state: InstanceState, output: type[BaseModel] | None, trace_id: str | None
) -> InstanceStatus[Any]:
    """Return an instance in the API's form.

    Args:
        state: Its state, with payloads.
        output: The model of its result; None leaves any result as it is.
        trace_id: The trace that it is part of.
    """
    result = state.output if state.status is RuntimeStatus.COMPLETED else None
    read = output.model_validate_json if output else json.loads
    return InstanceStatus[Any](
        instance_id=state.instance_id,
        status=state.status,
        output=read(result) if result else None,
        custom_status=state.progress,
        error=state.error,
        trace_id=trace_id,
        created_at=state.created_at,
        last_updated_at=state.last_updated_at,
    )
