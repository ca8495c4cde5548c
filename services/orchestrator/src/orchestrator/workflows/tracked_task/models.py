"""The request, result and events of a tracked task, and what its steps take and return."""

from enum import StrEnum
from types import NoneType
from typing import Annotated, Literal

from pydantic import BaseModel, Field, RootModel, StrictInt

from contracts.fields import Instant, Person, RequestId, Skill
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.definition import Event, Request
from orchestrator.toolkit.fault_plan import NO_FAULTS, Fault, FaultPlan
from orchestrator.workflows.tracked_task.state import (
    Arm,
    Create,
    Finish,
    Record,
    ReminderName,
    TaskState,
)

SECONDS_A_YEAR = 365 * 24 * 3600


class TrackedTaskFault(StrEnum):
    """The failures that a request can inject."""

    REMINDER_FAILS = "reminder_fails"


# More than the attempts after which Dapr drops a reminder that has no failure policy.
SIX_TIMES = Fault(failures=6)
FAULTS = {
    None: NO_FAULTS,
    TrackedTaskFault.REMINDER_FAILS: FaultPlan(dict.fromkeys(ReminderName, SIX_TIMES)),
}


class TrackedRequest(Request):
    """A task that an actor watches until it is done."""

    task_id: RequestId = Field(
        description="Your name for the task, and its actor's; the instance is `tracked-<task_id>`"
    )
    title: str = Field(max_length=200, description="What to do")
    assignee: str | None = Field(
        default=None, max_length=254, description="A member's id or e-mail address"
    )
    skills: list[Skill] = Field(
        default=[], max_length=20, description="Without an assignee: the skills that the task needs"
    )
    due: Instant | None = Field(
        default=None, description="The due time, with an offset; or `due_in_seconds`"
    )
    due_in_seconds: StrictInt | None = Field(
        default=None, ge=0, le=SECONDS_A_YEAR, description="The same, in seconds from the start"
    )
    remind_before_seconds: StrictInt = Field(
        default=3600,
        ge=0,
        le=SECONDS_A_YEAR,
        description="How many seconds before the due time the assignee is reminded",
    )
    escalate_to: Person | None = Field(
        default=None,
        description="Who is notified when it is overdue; by default as in the settings",
    )
    simulate: TrackedTaskFault | None = Field(
        default=None,
        description="An injected failure of each reminder: six times before it succeeds",
    )


class Done(BaseModel):
    """The task is done."""

    kind: Literal["done"] = "done"
    by: Person
    comment: str = Field(default="", max_length=2000)


class Cancel(BaseModel):
    """The task is cancelled."""

    kind: Literal["cancel"] = "cancel"
    by: Person
    reason: str = Field(default="", max_length=2000)


class Ending(RootModel[Annotated[Done | Cancel, Field(discriminator="kind")]]):
    """What ends the wait: the first of the two; the other is refused then."""


DONE = Event(
    name="done", payload=Done, person_field="by", description="Somebody has done the task."
)
CANCEL = Event(
    name="cancel", payload=Cancel, person_field="by", description="Somebody cancels the task."
)


class OpenTask(BaseModel):
    """Create the task in its actor."""

    task_id: RequestId
    step: Create


class Opened(BaseModel):
    """The settings that the workflow needs: in its history, so that a replay reads the same."""

    lead: Person
    limit_days: int


class RecordStep(BaseModel):
    """Add an entry to the history that the actor keeps."""

    task_id: RequestId
    step: Record


class ArmReminders(BaseModel):
    """Assign the task in its actor, and arm the reminders."""

    task_id: RequestId
    step: Arm


class FinishTask(BaseModel):
    """End the task in its actor, and disarm the reminders."""

    task_id: RequestId
    step: Finish


class TrackedResult(BaseModel):
    """How a task ended."""

    task_id: RequestId
    status: TaskState
    message: str
    assignee: str | None = Field(
        default=None, description="The e-mail address of the last assignee"
    )


OPEN_TASK = ActivityRef("open_tracked_task", OpenTask, Opened)
RECORD_STEP = ActivityRef("record_tracked_step", RecordStep, NoneType)
ARM_REMINDERS = ActivityRef("arm_task_reminders", ArmReminders, NoneType)
FINISH_TASK = ActivityRef("finish_tracked_task", FinishTask, NoneType)
