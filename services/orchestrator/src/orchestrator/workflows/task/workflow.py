"""Task processing: validate a task, assign it, notify the assignee."""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.dapr_sdk.executor import UNVERSIONED
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.workflows.task.models import TaskRequest, TaskResult
from orchestrator.workflows.task.samples import SAMPLES
from orchestrator.workflows.task.steps import process
from orchestrator.workflows.task.workflow_v0 import task_processing_v0


def task_processing_workflow(
    ctx: DaprWorkflowContext, request: TaskRequest
) -> Generator[Task[Any], Any, TaskResult]:
    """Validate, assign, notify."""
    return (yield from process(ctx, request, request.priority, request.due))


DEFINITION = Definition(
    name="task",
    workflow_name="task_processing_workflow",
    workflow=task_processing_workflow,
    version="1",
    previous_versions={UNVERSIONED: task_processing_v0},
    input=TaskRequest,
    output=TaskResult,
    id_field="task_id",
    title="Task processing",
    description="A task is validated and assigned, and its assignee is notified.",
    path="/tasks/process",
    status_path="/tasks/{instance_id}/status",
    search_fields=("title", "assignee", "skills"),
    samples=SAMPLES,
)
