"""The orchestrator's API: what every workflow's start and status have in common."""

from enum import StrEnum
from typing import Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, Field

APP_ID = "orchestrator"

Output = TypeVar("Output")


class RuntimeStatus(StrEnum):
    """The state of a workflow instance, by Dapr's names."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    TERMINATED = "TERMINATED"
    SUSPENDED = "SUSPENDED"
    STALLED = "STALLED"
    UNKNOWN = "UNKNOWN"


class Progress(BaseModel):
    """What a workflow is doing, or waiting for."""

    step: str = Field(description="The step's name, such as `assign_task`")
    message: str = Field(description="The same in words for a person")


class Started(BaseModel):
    """The answer to a start: the instance is kept, whatever happens next."""

    instance_id: str
    status: Literal["scheduled"] = "scheduled"


class InstanceStatus(BaseModel, Generic[Output]):
    """How far a workflow instance has come."""

    instance_id: str
    status: RuntimeStatus
    output: Output | None = Field(description="The result, once COMPLETED; null before")
    custom_status: Progress | None = Field(description="What the workflow says that it is doing")
    error: str | None = Field(default=None, description="Why the instance FAILED, if it did")
    created_at: AwareDatetime
    last_updated_at: AwareDatetime
