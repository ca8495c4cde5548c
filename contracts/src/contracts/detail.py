"""One instance: all that is known of it, why it waits, and what it did."""

from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from contracts.orchestrator import Progress, RuntimeStatus


class ReasonKind(StrEnum):
    """What an instance waits for."""

    ACTIVITY = "activity"
    RETRY = "retry"
    EVENT = "event"
    TIMER = "timer"
    CHILD = "child"
    PAUSED = "paused"
    STALLED = "stalled"
    NO_WORKER = "no_worker"
    TURN = "turn"
    """Nothing outside: its next decision is due."""
    CODE = "code"
    """Today's code does not replay its history, so less is known about the rest."""
    MORE = "more"
    """How many things it waits for besides those that are listed."""


class WaitingReason(BaseModel):
    """One thing that an instance waits for; it may be several at once."""

    kind: ReasonKind
    text: str = Field(description="In words, such as `activity send_notification: attempt 2 of 3`")
    name: str | None = Field(default=None, description="Of the activity, event or child")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = Field(default=None, description="Deadline, or the next try")
    attempt: int | None = None
    attempts: int | None = Field(default=None, description="How many attempts there are at most")
    last_error: str | None = None
    instance_id: str | None = Field(default=None, description="Of the child that is waited for")


class InstanceDetail(BaseModel):
    """All that is known of an instance."""

    instance_id: str
    workflow: str
    version: str | None
    patches: list[str] = Field(default=[], description="What `is_patched` found new code for")
    status: RuntimeStatus
    input: Any
    output: Any
    error: str | None = Field(default=None, description="Why it FAILED, or was TERMINATED")
    custom_status: Progress | None
    why: list[WaitingReason] = Field(description="What it waits for; empty once it has ended")
    parent: str | None
    children: list[str]
    rerun_of: str | None = Field(default=None, description="The instance that it repeats")
    trace_id: str | None
    trace_url: str | None = Field(description="The trace in Jaeger, where its address is set")
    created_at: AwareDatetime
    last_updated_at: AwareDatetime
    completed_at: AwareDatetime | None
    duration_seconds: float = Field(
        description="Until its end, or until now; of a rerun, which has the times of what it "
        "repeats, from where it was begun"
    )


class StepKind(StrEnum):
    """What a step of a history is."""

    ACTIVITY = "activity"
    TIMER = "timer"
    EVENT = "event"
    CHILD = "child"
    PAUSE = "pause"
    STALL = "stall"


class StepStatus(StrEnum):
    """How a step ended, if it did."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    ABANDONED = "abandoned"
    """The instance ended before it did."""


class Attempt(BaseModel):
    """One try of an activity or a child."""

    number: int
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    error: str | None = None
    error_type: str | None = None
    stack: str | None = None


class HistoryStep(BaseModel):
    """Events of a history that belong together."""

    event_id: int = Field(description="Of its first event, where a rerun can begin; -1: none can")
    kind: StepKind
    name: str = Field(description="Of the activity, event or child")
    status: StepStatus
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    until: AwareDatetime | None = Field(
        default=None, description="Of a timer or a timed wait; or when the next attempt is made"
    )
    attempts: list[Attempt] = []
    input: Any = Field(
        default=None,
        description="JSON; a text that ends in how much was cut where it is long. Of a pause or "
        "stall, its reason",
    )
    output: Any = Field(default=None, description="As `input`; of an event, its payload")
    error: str | None = None
    instance_id: str | None = Field(default=None, description="Of a child")


class InstanceHistory(BaseModel):
    """What an instance did, in steps; of an eternal one its current generation."""

    instance_id: str
    steps: list[HistoryStep]
