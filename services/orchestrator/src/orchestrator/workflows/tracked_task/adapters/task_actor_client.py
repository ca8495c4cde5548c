"""The client of a task's actor, for activities and routes."""

import httpx
from opentelemetry import propagate
from pydantic import BaseModel, ValidationError

from orchestrator.toolkit.peer_errors import PeerUnavailable, PeerUnreachable
from orchestrator.workflows.tracked_task.state import (
    Arm,
    Create,
    Finish,
    Record,
    Reply,
    TrackedTask,
)

ACTOR_TYPE = "TaskActor"


class TaskActorClient:
    """Calls the actor through the sidecar; each call can be repeated.

    Raises:
        PeerUnavailable: The actor did not answer, or failed.
    """

    def __init__(self, http: httpx.AsyncClient, timeout: float) -> None:
        """Call it through the sidecar.

        Args:
            http: The sidecar's API.
            timeout: Seconds that a call may take: Dapr itself waits without end for a host.
        """
        self._http = http
        self._timeout = timeout

    async def create(self, task_id: str, step: Create) -> None:
        """Create the task."""
        await self._call(task_id, "Create", step)

    async def record(self, task_id: str, step: Record) -> None:
        """Add an entry to its history."""
        await self._call(task_id, "Record", step)

    async def arm(self, task_id: str, step: Arm) -> None:
        """Assign the task, and arm its reminders."""
        await self._call(task_id, "Arm", step)

    async def rearm(self, task_id: str) -> None:
        """Register the reminders that are armed once more."""
        await self._call(task_id, "Rearm", None)

    async def finish(self, task_id: str, step: Finish) -> None:
        """End the task, and disarm its reminders."""
        await self._call(task_id, "Finish", step)

    async def get(self, task_id: str) -> TrackedTask | None:
        """Return the task, or None where there is none."""
        return await self._call(task_id, "Get", None)

    async def _call(self, task_id: str, method: str, step: BaseModel | None) -> TrackedTask | None:
        url = f"/v1.0/actors/{ACTOR_TYPE}/{task_id}/method/{method}"
        content = "" if step is None else step.model_dump_json()
        headers = {"content-type": "application/json"}
        propagate.inject(headers)
        try:
            answer = await self._http.post(
                url, content=content, headers=headers, timeout=self._timeout
            )
        except httpx.HTTPError as error:
            raise PeerUnreachable(ACTOR_TYPE, f"{type(error).__name__} {error}") from error
        try:
            return Reply.model_validate_json(answer.content).task
        except ValidationError as error:
            # An exception in the actor, which Dapr passes on with the status 200, or Dapr's own.
            raise PeerUnavailable(
                f"{ACTOR_TYPE} answered {answer.status_code}: {answer.text[:500]}"
            ) from error
