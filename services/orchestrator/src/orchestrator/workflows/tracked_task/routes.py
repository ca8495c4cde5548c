"""Reads a task from its actor, also while its workflow waits or is paused."""

from typing import Annotated

from fastapi import APIRouter, Path

from contracts.fields import RequestId
from contracts.problems import ProblemType
from orchestrator.api.deps import SidecarDep, WorkflowSettingsDep
from orchestrator.toolkit.peer_errors import PeerUnavailable
from orchestrator.workflows.tracked_task.adapters.task_actor_client import TaskActorClient
from orchestrator.workflows.tracked_task.settings import TrackedTaskSettings
from orchestrator.workflows.tracked_task.state import TrackedTask
from orchestrator.workflows.tracked_task.workflow import DEFINITION
from servicekit.problems import ProblemError, problem_responses

router = APIRouter(tags=[DEFINITION.title])


@router.get(
    "/tasks/{task_id}",
    summary="Read a task from its actor",
    description="Its state, its reminders and its history. The actor answers, so the workflow "
    "need not run: it may wait, or be paused.",
    operation_id="read_tracked_task",
    responses=problem_responses(ProblemType.NOT_FOUND),
)
async def read_task(
    task_id: Annotated[RequestId, Path(description="The caller's name for the task")],
    sidecar: SidecarDep,
    settings: WorkflowSettingsDep,
) -> TrackedTask:
    """Return the task's state in its actor."""
    timeout = settings.of(TrackedTaskSettings).actor_timeout_seconds
    try:
        task = await TaskActorClient(sidecar, timeout).get(task_id)
    except PeerUnavailable as error:
        raise ProblemError(
            ProblemType.UNAVAILABLE, f"The task's actor: {error}", retry_after=1
        ) from error
    if task is None:
        raise ProblemError(ProblemType.NOT_FOUND, f"There is no task {task_id}")
    return task
