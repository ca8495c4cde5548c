"""The orchestrator's API: what every workflow's start and status have in common."""

from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

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


TERMINAL = frozenset({RuntimeStatus.COMPLETED, RuntimeStatus.FAILED, RuntimeStatus.TERMINATED})


class Wait(BaseModel):
    """An event that a workflow waits for."""

    id: str = Field(description="Names this wait: the same event may be waited for again later")
    event: str = Field(description="The event's name, such as `approval`")
    since: AwareDatetime | None = Field(default=None, description="When it began")
    until: AwareDatetime | None = Field(default=None, description="When it gives up, if ever")
    assigned_to: str | None = Field(default=None, description="Who is to decide, if somebody is")


class Progress(BaseModel):
    """What a workflow is doing, or waiting for."""

    step: str = Field(description="The step's name, such as `assign_task`")
    message: str = Field(description="The same in words for a person")
    waits: list[Wait] = Field(default=[], description="The events that it takes now")
    details: dict[str, Any] = Field(default={}, description="Figures, such as how many are done")


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
    trace_id: str | None = Field(default=None, description="Its trace, where it has one")
    created_at: AwareDatetime
    last_updated_at: AwareDatetime


class EventAccepted(BaseModel):
    """The answer to an event: it is kept, and the workflow goes on with it."""

    instance_id: str
    event: str
    status: Literal["accepted"] = "accepted"


class EventInfo(BaseModel):
    """An event that a workflow takes."""

    name: str
    description: str
    payload_schema: dict[str, Any] = Field(description="JSON Schema of the payload")


class SampleEvent(BaseModel):
    """An event of a sample, to be sent once the workflow waits for it."""

    event: str
    payload: dict[str, Any]
    after_seconds: float = Field(default=0, description="How long to look on before it is sent")


class Sample(BaseModel):
    """A request that runs as it stands, and the events that carry it to its end."""

    summary: str
    request: dict[str, Any]
    events: list[SampleEvent] = []
    outcome: str | None = Field(
        default=None, description="The `status` of the result; null where any will do"
    )


class WorkflowInfo(BaseModel):
    """What a workflow is, takes and returns."""

    name: str = Field(description="Short, such as `order`: what `make demo WORKFLOW=` takes")
    workflow: str = Field(description="Dapr's name for it")
    version: str | None = Field(description="What new instances run; null where there is only one")
    title: str
    description: str
    start: str = Field(description="Where to POST a request")
    id_field: str = Field(description="The field of the request that names the instance")
    input_schema: dict[str, Any] = Field(description="JSON Schema of the request")
    output_schema: dict[str, Any] = Field(description="JSON Schema of the result")
    events: list[EventInfo]
    samples: dict[str, Sample]
    search_fields: list[str] = Field(
        default=[], description="Where in a request `GET /instances?q=` looks"
    )
