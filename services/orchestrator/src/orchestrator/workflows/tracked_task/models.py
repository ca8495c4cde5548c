"""What a tracked task takes, calls and returns."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, RootModel

from contracts.fields import Person, RequestId, Skill
from orchestrator.toolkit.definition import Event, Request
from orchestrator.workflows.tracked_task.state import Arm, Create, Finish, Record, TaskState

OPEN_TASK = "open_tracked_task"
RECORD_STEP = "record_tracked_step"
ARM_REMINDERS = "arm_task_reminders"
FINISH_TASK = "finish_tracked_task"

A_YEAR = 365 * 24 * 3600


class Simulate(StrEnum):
    """What is to go wrong."""

    REMINDER_FAILS = "reminder_fails"


class TrackedRequest(Request):
    """A task that is watched until somebody has done it."""

    task_id: RequestId = Field(
        description="Your name for the task, and its actor's; the instance is `tracked-<task_id>`"
    )
    title: str = Field(max_length=200, description="What is to be done")
    assignee: str | None = Field(
        default=None, max_length=254, description="A member's id or e-mail address"
    )
    skills: list[Skill] = Field(
        default=[], max_length=20, description="Where nobody is named: what the task asks for"
    )
    due: AwareDatetime | None = Field(
        default=None, description="When it is to be done, with an offset; or `due_in_seconds`"
    )
    due_in_seconds: int | None = Field(
        default=None, ge=0, le=A_YEAR, description="The same, in seconds from the start"
    )
    remind_before_seconds: int = Field(
        default=3600,
        ge=0,
        le=A_YEAR,
        description="How long before it is due the assignee is reminded, in seconds",
    )
    escalate_to: Person | None = Field(
        default=None, description="Who is told when it is overdue; by default as in the settings"
    )
    simulate: Simulate | None = Field(
        default=None, description="Each reminder fails six times before it holds"
    )


class Done(BaseModel):
    """The task is done."""

    kind: Literal["done"] = "done"
    by: Person
    comment: str = Field(default="", max_length=2000)


class Cancel(BaseModel):
    """The task need not be done."""

    kind: Literal["cancel"] = "cancel"
    by: Person
    reason: str = Field(default="", max_length=2000)


class Ending(RootModel[Annotated[Done | Cancel, Field(discriminator="kind")]]):
    """What ends the wait: whichever of the two comes first, the other is then refused."""


DONE = Event(name="done", payload=Done, description="Somebody has done the task.")
CANCEL = Event(name="cancel", payload=Cancel, description="The task need not be done any more.")


class OpenTask(BaseModel):
    """Have the actor begin the task."""

    task_id: RequestId
    step: Create


class Opened(BaseModel):
    """What the settings say, which a workflow cannot read: kept in its history from here on."""

    lead: Person
    limit_days: int


class RecordStep(BaseModel):
    """Have the actor write a line into the task's history."""

    task_id: RequestId
    step: Record


class ArmReminders(BaseModel):
    """Have the actor watch over the task."""

    task_id: RequestId
    step: Arm


class FinishTask(BaseModel):
    """Have the actor watch no longer, and keep how the task ended."""

    task_id: RequestId
    step: Finish


class TrackedResult(BaseModel):
    """How a task ended."""

    task_id: RequestId
    status: TaskState
    message: str
    assignee: str | None = Field(default=None, description="The e-mail address of who had it")
