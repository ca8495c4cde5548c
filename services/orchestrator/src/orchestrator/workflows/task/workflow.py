"""Task processing: validate a task, assign it, tell the assignee."""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts.assigner import AssignmentRequest
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.people import assign, notify, release
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import RETRY
from orchestrator.workflows.task.models import (
    VALIDATE_TASK,
    TaskOutcome,
    TaskRequest,
    TaskResult,
    Validation,
)
from orchestrator.workflows.task.samples import SAMPLES


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
    samples=SAMPLES,
)
