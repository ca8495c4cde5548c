"""What the engine's raw states say. No I/O."""

from typing import Any

from pydantic import ValidationError

from contracts.orchestrator import Progress, RuntimeStatus
from orchestrator.dapr_sdk.private import protos

PREFIX = "ORCHESTRATION_STATUS_"

# Between two generations an eternal workflow is on its way.
_OTHER_NAMES = {"CONTINUED_AS_NEW": RuntimeStatus.RUNNING, "CANCELED": RuntimeStatus.TERMINATED}


def status_of(state: Any) -> RuntimeStatus:
    """Return the status of a raw state."""
    name = protos.OrchestrationStatus.Name(state.workflowStatus).removeprefix(PREFIX)
    if name in RuntimeStatus.__members__:
        return RuntimeStatus[name]
    return _OTHER_NAMES.get(name, RuntimeStatus.UNKNOWN)


def progress_of(state: Any) -> Progress | None:
    """Return what an instance says that it is doing; a child's code may say it in another form."""
    try:
        return Progress.model_validate_json(state.customStatus.value)
    except ValidationError:
        return None
