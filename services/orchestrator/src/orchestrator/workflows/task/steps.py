"""The steps of task processing, which all of its versions have in common."""

from collections.abc import Generator
from datetime import datetime
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts.assigner import AssignmentRequest
from contracts.fields import Priority
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.people import assign, notify, release
from orchestrator.toolkit.progress import report
from orchestrator.workflows.task.models import (
    VALIDATE_TASK,
    TaskOutcome,
    TaskRequest,
    TaskResult,
)


def process(
    ctx: DaprWorkflowContext, request: TaskRequest, priority: Priority | None, due: datetime | None
) -> Generator[Task[Any], Any, TaskResult]:
    """Validate, assign, notify.

    A task that cannot be assigned is rejected. Where the assignee cannot be notified, the
    assignment is released, so that nobody has a task without knowing it.

    Args:
        ctx: The workflow's context.
        request: The task.
        priority: What the assigner and the assignee get to know of its priority.
        due: And of when it is due.
    """

    def ended(status: TaskOutcome, message: str, assignee: str | None = None) -> TaskResult:
        report(ctx, status, message)
        return TaskResult(
            task_id=request.task_id, status=status, message=message, assignee=assignee
        )

    report(ctx, VALIDATE_TASK, "Checking the task")
    try:
        rejection = (yield from VALIDATE_TASK.call(ctx, request)).rejection
    except TaskFailedError as error:
        return ended(TaskOutcome.FAILED, f"Validation failed: {error.details.message}")
    if rejection is not None:
        return ended(TaskOutcome.REJECTED, rejection)

    named = (request.assignee or "").strip() or None
    wanted = AssignmentRequest(
        title=request.title, assignee=named, skills=request.skills, priority=priority, due=due
    )
    try:
        assigned = yield from assign(ctx, wanted)
    except TaskFailedError as error:
        return ended(TaskOutcome.FAILED, f"Assignment failed: {error.details.message}")
    assignment = assigned.assignment
    if assignment is None:
        return ended(TaskOutcome.REJECTED, assigned.refusal or "No member is available")

    failure = yield from notify(
        ctx,
        assignment.email,
        subject="A task for you",
        body=_body(request.title, priority, due),
        priority=priority,
        due=due,
    )
    if failure is not None:
        yield from release(ctx)
        return ended(
            TaskOutcome.FAILED,
            f"{assignment.email} could not be notified, so the assignment was released: {failure}",
        )
    return ended(
        TaskOutcome.COMPLETED,
        f"Task assigned to {named or assignment.email} at {assignment.assigned_at.isoformat()}",
        assignment.email,
    )


def _body(title: str, priority: Priority | None, due: datetime | None) -> str:
    notes = []
    if priority not in (None, Priority.NORMAL):
        notes.append(f"{priority} priority")
    if due is not None:
        notes.append(f"due {due.isoformat(' ', 'minutes')}")
    return f"You have been assigned task: {title}" + (f" ({', '.join(notes)})" if notes else "")
