"""Reads a task from its actor, whatever its workflow does at the moment."""

from typing import Annotated

from fastapi import APIRouter, Path

from contracts.fields import RequestId
from contracts.problems import ProblemType
from orchestrator.bootstrap import Orchestrator
from orchestrator.toolkit.peers.peer import PeerUnavailable
from orchestrator.workflows.tracked_task.state import TrackedTask
from orchestrator.workflows.tracked_task.workflow import DEFINITION
from servicekit.problems import ProblemError, problem_responses
from servicekit.startup import Startup


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the route that a tracked task has besides those of every workflow."""
    router = APIRouter(tags=[DEFINITION.title])

    @router.get(
        "/tasks/{task_id}",
        summary="Read the task, from its actor",
        description="Its state, its reminders and its history. The actor answers, so the workflow "
        "need not run: it may sleep, or be paused.",
        operation_id="read_tracked_task",
        responses=problem_responses(ProblemType.NOT_FOUND),
    )
    async def read_task(
        task_id: Annotated[RequestId, Path(description="The caller's name for the task")],
    ) -> TrackedTask:
        try:
            task = await services.value().tasks.get(task_id)
        except PeerUnavailable as error:
            raise ProblemError(
                ProblemType.UNAVAILABLE, f"The task's actor: {error}", retry_after=1
            ) from error
        if task is None:
            raise ProblemError(ProblemType.NOT_FOUND, f"There is no task {task_id}")
        return task

    return router
