"""One instance in detail: its data, why it waits, and its history."""

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from orchestrator.schemas.workflows import Progress, RuntimeStatus


class ReasonKind(StrEnum):
    """The kind of a reason."""

    ACTIVITY = "activity"
    RETRY = "retry"
    EVENT = "event"
    TIMER = "timer"
    CHILD = "child"
    OUTAGE = "outage"
    """A peer that its activity needs is away, and is waited for."""
    PAUSED = "paused"
    STALLED = "stalled"
    REMINDER = "reminder"
    """The scheduler lost a reminder of its actor."""
    NO_WORKER = "no_worker"
    TURN = "turn"
    """Its next turn is due: the worker has to run its code."""
    CODE = "code"
    """The current code does not replay its history, so the other reasons have less detail."""
    MORE = "more"
    """How many more reasons there are than are listed."""


class WaitingReason(BaseModel):
    """One reason why an instance waits; there can be several at once."""

    kind: ReasonKind
    text: str = Field(
        description="For people, such as `activity send_notification: attempt 2 of 3`"
    )
    name: str | None = Field(default=None, description="Of the activity, event or child")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = Field(
        default=None, description="Deadline, or time of the next attempt"
    )
    attempt: int | None = None
    attempts: int | None = Field(default=None, description="Maximum number of attempts")
    last_error: str | None = None
    instance_id: str | None = Field(default=None, description="Of the child workflow")


class InstanceDetail(BaseModel):
    """An instance in detail."""

    instance_id: str
    workflow: str
    version: str | None
    patches: list[str] = Field(default=[], description="Patches that it has taken, by `is_patched`")
    status: RuntimeStatus
    outcome: str | None = Field(
        default=None,
        description="The `status` in the result of what COMPLETED, such as `rejected`; null where "
        "it has none",
    )
    input: Any
    output: Any
    error: str | None = Field(default=None, description="Why it is FAILED or TERMINATED")
    custom_status: Progress | None
    why: list[WaitingReason] = Field(description="Why it waits; empty once it has ended")
    parent: str | None
    children: list[str]
    rerun_of: str | None = Field(
        default=None, description="Of a rerun: the instance that it repeats"
    )
    trace_id: str | None
    trace_url: str | None = Field(description="The trace in Jaeger, if its address is set")
    created_at: AwareDatetime
    last_updated_at: AwareDatetime
    completed_at: AwareDatetime | None
    duration_seconds: float = Field(
        description="From its creation until its end, or until now; of a rerun, from the step "
        "that it began at"
    )


class StepKind(StrEnum):
    """The kind of a step."""

    ACTIVITY = "activity"
    TIMER = "timer"
    EVENT = "event"
    CHILD = "child"
    OUTAGE = "outage"
    """A peer that its activity needs is away, and is waited for."""
    PAUSE = "pause"
    STALL = "stall"


class StepStatus(StrEnum):
    """The status of a step."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    ABANDONED = "abandoned"
    """The instance ended first."""


class Attempt(BaseModel):
    """One attempt of an activity or a child workflow."""

    number: int
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    error: str | None = None
    error_type: str | None = None
    stack: str | None = None


class HistoryStep(BaseModel):
    """A step of a history: the events that belong together."""

    event_id: int = Field(
        description="Id of its first event, which a rerun can begin at; -1: none can"
    )
    kind: StepKind
    name: str = Field(description="Of the activity, event or child")
    status: StepStatus
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    until: AwareDatetime | None = Field(
        default=None, description="When a timer fires, a wait times out, or the next attempt begins"
    )
    attempts: list[Attempt] = []
    input: Any = Field(
        default=None,
        description="JSON; if it is long, its truncated text. Of a pause or stall, the reason",
    )
    output: Any = Field(default=None, description="As `input`; of an event, the payload")
    error: str | None = None
    instance_id: str | None = Field(default=None, description="Of a child workflow")


class InstanceHistory(BaseModel):
    """The history of an instance in steps; of an eternal workflow, the current generation."""

    instance_id: str
    steps: list[HistoryStep]
