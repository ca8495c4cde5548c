"""Operations on instances, and their audit trail."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    model_validator,
)

from contracts.fields import Person, RequestId
from orchestrator.schemas.instances import IndexState, InstanceFilter
from orchestrator.schemas.workflows import RuntimeStatus

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]

MAX_EVENT_ID = 2**31 - 1
"""The greatest id of an event: the engine numbers them by 32 bits."""


class Operation(StrEnum):
    """An operation on an instance."""

    PAUSE = "pause"
    RESUME = "resume"
    TERMINATE = "terminate"
    RERUN = "rerun"
    PURGE = "purge"


class OperationRequest(BaseModel):
    """An operation on an instance: why, and by whom."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(examples=["The supplier is down until Monday"])
    by: Person = Field(default="operator", description="Who does it; recorded in the audit trail")
    children: StrictBool = Field(
        default=False, description="Whether to include its child workflows"
    )


class RerunRequest(OperationRequest):
    """Rerun an instance as a new one, from its start or from one of its steps."""

    new_id: RequestId = Field(description="The new instance's id, without the workflow's prefix")
    from_event: int | None = Field(
        default=None,
        ge=0,
        le=MAX_EVENT_ID,
        strict=True,
        description="The `event_id` of a step; null reruns from the start",
    )
    input: dict[str, Any] | None = Field(
        default=None,
        description="The new input of that step or instance; null keeps it",
    )


class OperationResult(BaseModel):
    """The result of an operation."""

    operation: Operation
    instance_id: str
    status: RuntimeStatus | None = Field(description="After the operation; null once it is purged")
    new_instance_id: str | None = Field(default=None, description="The new instance of a rerun")


class TornRemoval(BaseModel):
    """The removal of an instance whose stored state was incomplete."""

    instance_id: str
    compensated: list[str] = Field(
        description="The keys of what it left, which was released, given back or cancelled"
    )


class BulkFilter(InstanceFilter):
    """A filter of instances in JSON, where unlike in a query a boolean is no text."""

    top_level: StrictBool = Field(default=False, description="Leave out child workflows")
    overdue: StrictBool | None = Field(
        default=None, description="Whether the deadline of a wait has passed; both if left out"
    )


class BulkRequest(OperationRequest):
    """One operation on every instance of a filter whose status allows it."""

    operation: Operation
    filter: BulkFilter = Field(examples=[{"workflow": ["order"], "id_prefix": "order-2026"}])
    confirm: int | None = Field(
        default=None,
        ge=0,
        le=1_000_000_000,
        strict=True,
        description="The count that a dry run has returned; null is a dry run, which only counts",
    )
    confirm_digest: str | None = Field(
        default=None,
        max_length=100,
        description="The `digest` that a dry run has returned: then the very same instances must "
        "match, and not only as many",
    )
    suffix: RequestId | None = Field(
        default=None,
        description="Required for a rerun: a new id is the old one, `-` and this",
    )

    @model_validator(mode="after")
    def _rerun_has_a_suffix(self) -> Self:
        if (self.operation is Operation.RERUN) != (self.suffix is not None):
            raise ValueError("a rerun needs a suffix, and nothing else takes one")
        if self.confirm_digest is not None and self.confirm is None:
            raise ValueError("a confirm_digest goes with the count as confirm")
        return self


class BulkItem(BaseModel):
    """The result of a bulk operation for one instance."""

    instance_id: str
    result: str = Field(description="`done`, or the type of the problem")
    detail: str | None = Field(default=None, description="The detail of the problem")
    new_instance_id: str | None = Field(default=None, description="The new instance of a rerun")


class BulkResult(BaseModel):
    """What a bulk operation did; after a dry run, what it would do."""

    operation: Operation
    dry_run: bool
    count: int = Field(description="The number of matching instances: pass it as `confirm`")
    digest: str = Field(description="Of the matching instances: pass it as `confirm_digest`")
    remaining: int = Field(
        description="How many more match, for another call: the newest; not those that have been "
        "rerun with the suffix"
    )
    instance_ids: list[str] = Field(
        description="The matching instances, the oldest first; those last that have been rerun "
        "with the suffix"
    )
    results: list[BulkItem] = Field(description="Empty after a dry run")
    index: IndexState


class AuditEntry(BaseModel):
    """An action, and its result."""

    id: str
    at: AwareDatetime
    by: Person
    action: str = Field(description="Such as `pause`, `batch.pause`, `decide`, `schedule.put`")
    target: str = Field(description="The instance or schedule")
    reason: str | None = None
    result: str = Field(
        description="`done`, the type of the problem, or `begun` while it is done, and where the "
        "process ended meanwhile"
    )
    details: dict[str, Any] = {}


class AuditPage(BaseModel):
    """A page of the audit trail, the newest first."""

    items: list[AuditEntry]
    next: int | None = Field(description="Pass as `before` for the next page; null on the last")
