"""What task processing takes, calls and returns."""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, Field

from contracts.fields import Priority, RequestId, Skill
from orchestrator.toolkit.definition import Request

VALIDATE_TASK = "validate_task"


class TaskRequest(Request):
    """A task that is to get somebody to do it."""

    task_id: RequestId = Field(
        description="Your name for the task; the instance is `task-<task_id>`"
    )
    title: str = Field(max_length=200, description="What is to be done")
    assignee: str | None = Field(
        default=None, max_length=254, description="A member's id or e-mail address"
    )
    skills: list[Skill] = Field(
        default=[], max_length=20, description="Where nobody is named: what the task asks for"
    )
    priority: Priority = Priority.NORMAL
    due: AwareDatetime | None = Field(
        default=None, description="When it is to be done, with an offset"
    )


class Validation(BaseModel):
    """Whether the task makes sense; `rejection` says why it does not."""

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
    assignee: str | None = Field(default=None, description="The e-mail address of who does it")
