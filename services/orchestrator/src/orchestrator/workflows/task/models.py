"""What task processing takes, calls and returns."""

from enum import StrEnum

from pydantic import BaseModel, Field

from contracts.fields import Instant, Priority, RequestId, Skill
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.definition import Request


class TaskRequest(Request):
    """A task that is to be assigned."""

    task_id: RequestId = Field(
        description="Your name for the task; the instance is `task-<task_id>`"
    )
    title: str = Field(max_length=200, description="What is to be done")
    assignee: str | None = Field(
        default=None, max_length=254, description="A member's id or e-mail address"
    )
    skills: list[Skill] = Field(
        default=[],
        max_length=20,
        description="Where no assignee is named: the skills needed",
    )
    priority: Priority = Field(
        default=Priority.NORMAL,
        description="How urgent it is: shown to the assignee, and orders the member's agenda",
    )
    due: Instant | None = Field(
        default=None,
        description="When it is to be done, with an offset: shown to the assignee, and orders the "
        "member's agenda",
    )


class Validation(BaseModel):
    """The result of the validation; `rejection` says why the task is rejected."""

    rejection: str | None = None


class TaskOutcome(StrEnum):
    """How a task ended."""

    COMPLETED = "completed"
    REJECTED = "rejected"
    FAILED = "failed"


class TaskResult(BaseModel):
    """How a task ended, and why."""

    task_id: RequestId
    status: TaskOutcome
    message: str
    assignee: str | None = Field(default=None, description="The e-mail address of the assignee")


VALIDATE_TASK = ActivityRef("validate_task", TaskRequest, Validation)
