"""The orchestrator's API: what the start and the status of every workflow have in common."""

from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, Field

APP_ID = "orchestrator"

Output = TypeVar("Output")


class RuntimeStatus(StrEnum):
    """The status of a workflow instance, by Dapr's names."""

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
    """A wait of a workflow for an event."""

    id: str = Field(description="The wait's id; a later wait for the same event has another")
    event: str = Field(description="The event's name, such as `approval`")
    since: AwareDatetime | None = Field(default=None, description="When it began")
    until: AwareDatetime | None = Field(default=None, description="When it times out, if ever")
    assigned_to: str | None = Field(default=None, description="Who is to decide, if a person is")


class Progress(BaseModel):
    """What a workflow is doing, or waiting for."""

    step: str = Field(description="The name of the step, such as `assign_task`")
    message: str = Field(description="A description of it for a person")
    waits: list[Wait] = Field(default=[], description="The waits whose events it accepts now")
    details: dict[str, Any] = Field(default={}, description="Figures, such as how many are done")


class Started(BaseModel):
    """The answer to a start: the instance is stored."""

    instance_id: str
    status: Literal["scheduled"] = "scheduled"


class InstanceStatus(BaseModel, Generic[Output]):
    """The status of a workflow instance, its progress and its result."""

    instance_id: str
    status: RuntimeStatus
    output: Output | None = Field(description="The result, once COMPLETED; null before")
    custom_status: Progress | None = Field(description="What the workflow says that it is doing")
    error: str | None = Field(default=None, description="Why the instance FAILED, if it did")
    trace_id: str | None = Field(default=None, description="The id of its trace, where it has one")
    created_at: AwareDatetime
    last_updated_at: AwareDatetime


class EventAccepted(BaseModel):
    """The answer to an event: it is stored, and the workflow receives it."""

    instance_id: str
    event: str
    status: Literal["accepted"] = "accepted"


class EventInfo(BaseModel):
    """An event that a workflow waits for."""

    name: str
    description: str
    payload_schema: dict[str, Any] = Field(description="JSON Schema of the payload")


class SampleEvent(BaseModel):
    """An event of a sample, to be sent once the workflow waits for it."""

    event: str
    payload: dict[str, Any]
    after_seconds: float = Field(default=0, description="How long after the wait begins it is sent")


class Sample(BaseModel):
    """A start request that runs without changes, and the events that complete it."""

    summary: str
    request: dict[str, Any]
    events: list[SampleEvent] = []
    outcome: str | None = Field(
        default=None, description="The `status` of the result; null where any is right"
    )


class WorkflowInfo(BaseModel):
    """A workflow of the catalogue: its request, result and events."""

    name: str = Field(description="Short, such as `order`: what `make demo WORKFLOW=` takes")
    workflow: str = Field(description="Dapr's name of it")
    version: str | None = Field(
        description="The version of new instances; null where there is only one"
    )
    title: str
    description: str
    start: str = Field(description="Where to POST a request")
    id_field: str = Field(description="The field of the request that names the instance")
    input_schema: dict[str, Any] = Field(description="JSON Schema of the request")
    output_schema: dict[str, Any] = Field(description="JSON Schema of the result")
    outcomes: list[str] = Field(
        default=[], description="The values of `status` in a result; empty where it has none"
    )
    events: list[EventInfo]
    samples: dict[str, Sample]
    search_fields: list[str] = Field(
        default=[], description="Where in a request `GET /instances?q=` looks"
    )
