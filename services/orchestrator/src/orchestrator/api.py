"""The orchestrator's HTTP API."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response, status

from contracts.orchestrator import InstanceStatus, Started
from contracts.problems import ProblemType
from orchestrator.service import Orchestrator
from orchestrator.workflows import task_processing
from orchestrator.workflows.task_processing import TaskRequest, TaskResult
from servicekit.problems import problem_responses
from servicekit.startup import Startup

TAGS = [
    {
        "name": "tasks",
        "description": "Task processing: a task is validated, assigned, and its assignee told",
    }
]

EXAMPLES = {
    "completed": {
        "summary": "A task for Alice",
        "value": {
            "task_id": "42",
            "title": "Review the quarterly report",
            "assignee": "alice@example.com",
        },
    },
    "by skills": {
        "summary": "A task for whoever has the skills and holds least",
        "value": {
            "task_id": "43",
            "title": "Fix the build",
            "skills": ["python"],
            "priority": "high",
            "due": "2030-01-31T17:00:00+01:00",
        },
    },
    "rejected": {
        "summary": "A task that is rejected: it has no title",
        "value": {"task_id": "44", "title": "", "assignee": "alice@example.com"},
    },
}

STARTED_AGAIN: dict[int | str, dict[str, Any]] = {
    status.HTTP_200_OK: {
        "model": Started,
        "description": "The same request started the instance before; nothing was started now",
    }
}


def tasks_router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the routes of task processing."""
    router = APIRouter(prefix="/tasks", tags=["tasks"])

    @router.post(
        "/process",
        summary="Process a task",
        description="Answers as soon as the task is kept; `Location` says where its status is. "
        "The same request again starts nothing, another one under the same id is refused.",
        status_code=status.HTTP_202_ACCEPTED,
        responses={**STARTED_AGAIN, **problem_responses(ProblemType.INSTANCE_EXISTS)},
    )
    async def process_task(
        request: Annotated[TaskRequest, Body(openapi_examples=EXAMPLES)], response: Response
    ) -> Started:
        instance_id = task_processing.instance_id(request)
        started = await services.value().engine.start(task_processing.NAME, instance_id, request)
        if not started:
            response.status_code = status.HTTP_200_OK
        response.headers["Location"] = f"/tasks/{instance_id}/status"
        return Started(instance_id=instance_id)

    @router.get(
        "/{instance_id}/status",
        summary="How far is a task?",
        description="`status` is the state of the workflow instance; `output` is the result once "
        "it is COMPLETED, and its own `status` says whether the task was completed or rejected.",
        responses=problem_responses(ProblemType.NOT_FOUND),
    )
    async def task_status(
        instance_id: Annotated[str, Path(max_length=200, examples=["task-42"])],
    ) -> InstanceStatus[TaskResult]:
        engine = services.value().engine
        return await engine.status(task_processing.NAME, instance_id, TaskResult)

    return router
