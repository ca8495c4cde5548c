"""What operators do to instances, and the audit trail of it."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.fields import Flag, Person, RequestId
from contracts.instances import IndexState, InstanceFilter
from contracts.orchestrator import RuntimeStatus

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class Operation(StrEnum):
    """What an operator may do to an instance."""

    PAUSE = "pause"
    RESUME = "resume"
    TERMINATE = "terminate"
    RERUN = "rerun"
    PURGE = "purge"


class OperationRequest(BaseModel):
    """Why somebody does something to an instance."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(examples=["The supplier is down until Monday"])
    by: Person = Field(default="operator", description="Who does it; kept in the audit trail")
    children: Flag = Field(default=False, description="Whether its child workflows are included")


class RerunRequest(OperationRequest):
    """Run an instance again as a new one, from the start or from one of its steps."""

    new_id: RequestId = Field(description="The new instance's id; repeating is safe")
    from_event: int | None = Field(
        default=None, ge=0, description="A step's `event_id`; from the start where null"
    )
    input: dict[str, Any] | None = Field(
        default=None, description="Another input for that step, or for the whole instance"
    )


class OperationResult(BaseModel):
    """What became of an operation."""

    operation: Operation
    instance_id: str
    status: RuntimeStatus | None = Field(description="After it; null once purged")
    new_instance_id: str | None = Field(default=None, description="Of a rerun")


class BulkRequest(OperationRequest):
    """Do the same to many instances: those of a filter that are in a state for it."""

    operation: Operation
    filter: InstanceFilter = Field(examples=[{"workflow": ["order"], "id_prefix": "order-2026"}])
    confirm: int | None = Field(
        default=None,
        ge=0,
        description="How many instances it is to be, as a call without it said: without it, "
        "nothing is done",
    )
    suffix: RequestId | None = Field(
        default=None, description="For a rerun: the new ids are the old ones, `-` and this"
    )

    @model_validator(mode="after")
    def _rerun_has_a_suffix(self) -> Self:
        if (self.operation is Operation.RERUN) != (self.suffix is not None):
            raise ValueError("a rerun needs a suffix, and nothing else takes one")
        return self


class BulkItem(BaseModel):
    """What became of one instance of a batch."""

    instance_id: str
    result: str = Field(description="`done`, or the problem's type")
    detail: str | None = Field(default=None, description="The problem in words")
    new_instance_id: str | None = Field(default=None, description="Of a rerun")


class BulkResult(BaseModel):
    """What a batch would do, or did."""

    operation: Operation
    dry_run: bool
    count: int = Field(description="How many instances it is: pass it as `confirm`")
    remaining: int = Field(description="How many more there are for another call: the newest")
    instance_ids: list[str] = Field(description="Which they are, the oldest first")
    results: list[BulkItem] = Field(description="Empty after a dry run")
    index: IndexState


class AuditEntry(BaseModel):
    """What somebody did, and what became of it."""

    id: str
    at: AwareDatetime
    by: Person
    action: str = Field(description="An operation, `decide`, `claim`, `schedule.create` …")
    target: str = Field(description="The instance or schedule")
    reason: str | None = None
    result: str = Field(description="`done`, or the problem's type")
    details: dict[str, Any] = {}


class AuditPage(BaseModel):
    """Some entries of the audit trail, the newest first."""

    items: list[AuditEntry]
    next: int | None = Field(description="Pass as `before` to read on; null at the end")
