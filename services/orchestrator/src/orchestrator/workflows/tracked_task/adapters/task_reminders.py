"""The reminders of the tasks' actors, as the reconciler of instances asks for them."""

import httpx
import structlog

from orchestrator.toolkit.actor_reminders import DueReminder
from orchestrator.toolkit.peer_errors import PeerUnavailable, PeerUnreachable
from orchestrator.toolkit.workflow_settings import SettingsRegistry
from orchestrator.workflows.tracked_task.adapters.task_actor_client import (
    ACTOR_TYPE,
    TaskActorClient,
)
from orchestrator.workflows.tracked_task.settings import TrackedTaskSettings
from orchestrator.workflows.tracked_task.workflow import DEFINITION

log = structlog.get_logger(__name__)


class TaskReminders:
    """The reminders of tasks; see `ActorReminders`."""

    def __init__(self, http: httpx.AsyncClient, timeout: float) -> None:
        """Ask through the sidecar.

        Args:
            http: The sidecar's API.
            timeout: Seconds that a call may take.
        """
        self._http = http
        self._timeout = timeout
        self._actors = TaskActorClient(http, timeout)

    async def due(self, instance_id: str) -> DueReminder | None:
        """Return the reminder of a task that is due first."""
        task_id = _task_of(instance_id)
        try:
            task = await self._actors.get(task_id)
            armed = [] if task is None else task.reminders.armed
            first = min(armed, key=lambda reminder: reminder.at, default=None)
            if first is None:
                return None
            return DueReminder(first.at, lost=not await self._exists(task_id, first.name))
        except PeerUnavailable as error:
            log.debug("reminders not read", task_id=task_id, error=str(error))
            return None

    async def rearm(self, instance_id: str) -> None:
        """Register the reminders of a task that are armed once more."""
        await self._actors.rearm(_task_of(instance_id))

    async def _exists(self, task_id: str, name: str) -> bool:
        url = f"/v1.0/actors/{ACTOR_TYPE}/{task_id}/reminders/{name}"
        try:
            answer = await self._http.get(url, timeout=self._timeout)
        except httpx.HTTPError as error:
            raise PeerUnreachable(ACTOR_TYPE, f"{type(error).__name__} {error}") from error
        if answer.is_success:
            return True
        if answer.status_code != httpx.codes.NOT_FOUND:
            raise PeerUnavailable(f"the scheduler answered {answer.status_code}")
        return False


def task_reminders(http: httpx.AsyncClient, settings: SettingsRegistry) -> TaskReminders:
    """Return the reminders of tasks.

    Args:
        http: The sidecar's API.
        settings: How long a call may take.
    """
    return TaskReminders(http, settings.of(TrackedTaskSettings).actor_timeout_seconds)


def _task_of(instance_id: str) -> str:
    return instance_id.removeprefix(f"{DEFINITION.name}-")
