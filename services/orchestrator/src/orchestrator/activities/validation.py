"""Checks that a task makes sense."""

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.workflows.task_processing import TaskRequest, Validation


async def validate_task(_: WorkflowActivityContext, task: TaskRequest) -> Validation:
    """Say why a task must be rejected, if it must."""
    if not task.title.strip():
        return Validation(rejection="Missing title")
    if not (task.assignee or "").strip() and not task.skills:
        return Validation(rejection="Missing assignee")
    return Validation()
