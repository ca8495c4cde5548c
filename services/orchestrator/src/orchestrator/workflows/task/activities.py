"""Validates tasks."""

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.workflows.task.models import VALIDATE_TASK, TaskRequest, Validation


def activities(_: ActivityDependencies) -> Activities:
    """Return the activities of task processing alone."""
    return {VALIDATE_TASK: validate_task}


async def validate_task(_: WorkflowActivityContext, task: TaskRequest) -> Validation:
    """Return why a task is rejected, if it is."""
    if not task.title.strip():
        return Validation(rejection="Missing title")
    if not (task.assignee or "").strip() and not task.skills:
        return Validation(rejection="Missing assignee")
    return Validation()
