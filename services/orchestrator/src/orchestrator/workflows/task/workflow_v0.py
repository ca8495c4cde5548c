"""Task processing as it was before it had a version: priority and due date came by a patch.

It is kept for the instances that it started, and can go when none of them runs any more:
docs/changing-a-workflow.md says how to see that.
"""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.dapr_sdk.private import Task
from orchestrator.workflows.task.models import TaskRequest, TaskResult
from orchestrator.workflows.task.steps import process


def task_processing_v0(
    ctx: DaprWorkflowContext, request: TaskRequest
) -> Generator[Task[Any], Any, TaskResult]:
    """Validate, assign, notify.

    Instances that began before priority and due date had an effect go on without. It is asked
    before the first step: asked later, a replay turn by turn would take it for True.
    """
    urgency = (
        (request.priority, request.due) if ctx.is_patched("priority-and-due") else (None, None)
    )
    return (yield from process(ctx, request, *urgency))
