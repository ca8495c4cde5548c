"""Task processing: validate a task, assign it, tell the assignee."""

from collections.abc import Generator
from enum import StrEnum
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError
from pydantic import AwareDatetime, BaseModel, Field

from contracts.assigner import AssignmentRequest
from contracts.fields import RequestId, Skill
from contracts.orchestrator import Sample
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition, Request
from orchestrator.toolkit.people import assign, notify, release
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import RETRY

VALIDATE_TASK = "validate_task"


class Priority(StrEnum):
    """How urgent a task is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


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


def task_processing_workflow(
    ctx: DaprWorkflowContext, request: TaskRequest
) -> Generator[Task[Any], Any, TaskResult]:
    """Validate, assign, notify.

    A task that cannot be assigned is rejected. Where the assignee cannot be told, the assignment
    is released, so that nobody holds a task without knowing it.
    """

    def ended(status: TaskOutcome, message: str, assignee: str | None = None) -> TaskResult:
        report(ctx, status, message)
        return TaskResult(
            task_id=request.task_id, status=status, message=message, assignee=assignee
        )

    report(ctx, VALIDATE_TASK, "Checking the task")
    try:
        validated = yield ctx.call_activity(VALIDATE_TASK, input=request, retry_policy=RETRY)
    except TaskFailedError as error:
        return ended(TaskOutcome.FAILED, f"Validation failed: {error.details.message}")
    rejection = Validation.model_validate(validated).rejection
    if rejection is not None:
        return ended(TaskOutcome.REJECTED, rejection)

    named = (request.assignee or "").strip() or None
    wanted = AssignmentRequest(title=request.title, assignee=named, skills=request.skills)
    try:
        assigned = yield from assign(ctx, wanted)
    except TaskFailedError as error:
        return ended(TaskOutcome.FAILED, f"Assignment failed: {error.details.message}")
    assignment = assigned.assignment
    if assignment is None:
        return ended(TaskOutcome.REJECTED, assigned.refusal or "Nobody can take the task")

    failure = yield from notify(
        ctx,
        assignment.email,
        subject="A task for you",
        body=f"You have been assigned task: {request.title}",
    )
    if failure is not None:
        yield from release(ctx)
        return ended(
            TaskOutcome.FAILED,
            f"{assignment.email} could not be told, so the assignment was released: {failure}",
        )
    return ended(
        TaskOutcome.COMPLETED,
        f"Task assigned to {named or assignment.email} at {assignment.assigned_at.isoformat()}",
        assignment.email,
    )


DEFINITION = Definition(
    name="task",
    workflow_name="task_processing_workflow",
    workflow=task_processing_workflow,
    input=TaskRequest,
    output=TaskResult,
    id_field="task_id",
    title="Task processing",
    description="A task is validated and assigned, and its assignee told.",
    path="/tasks/process",
    status_path="/tasks/{instance_id}/status",
    search_fields=("title", "assignee", "skills"),
    samples={
        "completed": Sample(
            summary="A task for Alice",
            request={
                "task_id": "42",
                "title": "Review the quarterly report",
                "assignee": "alice@example.com",
            },
            outcome=TaskOutcome.COMPLETED,
        ),
        "by skills": Sample(
            summary="A task for whoever has the skills and holds least",
            request={
                "task_id": "43",
                "title": "Fix the build",
                "skills": ["python"],
                "priority": "high",
                "due": "2030-01-31T17:00:00+01:00",
            },
            outcome=TaskOutcome.COMPLETED,
        ),
        "rejected": Sample(
            summary="A task that is rejected: it has no title",
            request={"task_id": "44", "title": "", "assignee": "alice@example.com"},
            outcome=TaskOutcome.REJECTED,
        ),
    },
)
