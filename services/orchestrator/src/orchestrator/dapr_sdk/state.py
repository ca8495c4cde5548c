"""An instance's state, as the engine answers a read of it: the one mapping of Dapr's statuses."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pydantic import ValidationError

from orchestrator.dapr_sdk.private import protos
from orchestrator.dapr_sdk.values import parse_json_or_text, to_datetime
from orchestrator.schemas.workflows import TERMINAL, Progress, RuntimeStatus

PREFIX = "ORCHESTRATION_STATUS_"
# What is longer describes, and distinguishes nothing: the index keeps the outcome of each instance.
MAX_OUTCOME = 50

# Between two generations an eternal workflow is running.
_OTHER_NAMES = {"CONTINUED_AS_NEW": RuntimeStatus.RUNNING, "CANCELED": RuntimeStatus.TERMINATED}


@dataclass(frozen=True, slots=True)
class InstanceState:
    """The state of an instance; a read without payloads leaves those marked so empty.

    Args:
        instance_id: Its id.
        name: Dapr's name of its workflow; empty before it begins, and between two generations.
        version: The version of the workflow that it began with, where it has any.
        status: Its status.
        input: Its input as JSON (payload).
        output: Its output as JSON, or whatever ended it (payload).
        progress: What the workflow says that it is doing (payload); None where a child's code
            says it in another form.
        error: The message of its failure.
        parent: The instance that called it, where the runtime says so.
        created_at: When it was created, in UTC.
        last_updated_at: When it changed last, in UTC.
    """

    instance_id: str
    name: str
    version: str | None
    status: RuntimeStatus
    input: str | None
    output: str | None
    progress: Progress | None
    error: str | None
    parent: str | None
    created_at: datetime
    last_updated_at: datetime

    @classmethod
    def from_proto(cls, raw: Any) -> Self:
        """Return the state in the SDK's message `WorkflowState`."""
        return cls(
            instance_id=raw.instanceId,
            name=raw.name,
            version=raw.version.value or None,
            status=_status(raw.workflowStatus),
            input=raw.input.value or None,
            output=raw.output.value or None,
            progress=_progress(raw.customStatus.value),
            error=raw.failureDetails.errorMessage or None,
            parent=raw.parentInstanceId.value or None,
            created_at=to_datetime(raw.createdTimestamp),
            last_updated_at=to_datetime(raw.lastUpdatedTimestamp),
        )

    @property
    def terminal(self) -> bool:
        """Whether it has ended, and will not change."""
        return self.status in TERMINAL

    @property
    def outcome(self) -> str | None:
        """The `status` in the result of what COMPLETED; what ended otherwise has no result."""
        if self.status is not RuntimeStatus.COMPLETED:
            return None
        result = parse_json_or_text(self.output)
        outcome = result.get("status") if isinstance(result, dict) else None
        valid = isinstance(outcome, str) and 0 < len(outcome) <= MAX_OUTCOME
        return outcome if valid else None


def _status(number: "protos.OrchestrationStatus.ValueType") -> RuntimeStatus:
    name = protos.OrchestrationStatus.Name(number).removeprefix(PREFIX)
    if name in RuntimeStatus.__members__:
        return RuntimeStatus[name]
    return _OTHER_NAMES.get(name, RuntimeStatus.UNKNOWN)


def _progress(custom_status: str) -> Progress | None:
    try:
        return Progress.model_validate_json(custom_status) if custom_status else None
    except ValidationError:
        return None
