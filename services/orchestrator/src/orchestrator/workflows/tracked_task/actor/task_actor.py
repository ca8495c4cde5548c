"""The actor of a task: it has the task's state and history, and sends its reminders."""

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from dapr.actor import Actor, ActorId, ActorInterface, Remindable, actormethod
from dapr.actor.runtime._method_context import ActorMethodContext
from dapr.actor.runtime.context import ActorRuntimeContext
from dapr.actor.runtime.failure_policy import ActorReminderFailurePolicy

from contracts.notifier import ChannelName, NotificationRequest
from orchestrator.toolkit.fault_injection import InjectedFailure
from orchestrator.toolkit.peer_errors import PeerUnavailable
from orchestrator.toolkit.peers.notifier import NotifierClient
from orchestrator.toolkit.peers.peer import PeerRefused
from orchestrator.workflows.tracked_task.state import (
    Arm,
    ArmedReminder,
    Create,
    Finish,
    Record,
    ReminderName,
    Reply,
    TrackedTask,
)

log = structlog.get_logger(__name__)

STATE = "task"
FORGET = "forget"
"""The reminder by which releases until November 2026 removed a task; its state has a TTL since."""
NO_TTL = 0


class ReminderUndelivered(Exception):
    """The notification of a reminder failed: Dapr fires it again."""


class TaskActorInterface(ActorInterface):
    """The methods of the actor, by the names that callers use."""

    @actormethod(name="Create")  # type: ignore[untyped-decorator]
    async def create(self, data: object) -> object:
        """Create the task."""

    @actormethod(name="Record")  # type: ignore[untyped-decorator]
    async def record(self, data: object) -> object:
        """Add an entry to the history."""

    @actormethod(name="Arm")  # type: ignore[untyped-decorator]
    async def arm(self, data: object) -> object:
        """Assign the task, and arm its reminders."""

    @actormethod(name="Rearm")  # type: ignore[untyped-decorator]
    async def rearm(self) -> object:
        """Register the reminders that are armed once more."""

    @actormethod(name="Finish")  # type: ignore[untyped-decorator]
    async def finish(self, data: object) -> object:
        """End the task, and disarm its reminders."""

    @actormethod(name="Get")  # type: ignore[untyped-decorator]
    async def get(self) -> object:
        """Return the task."""


class TaskActor(Actor, TaskActorInterface, Remindable):
    """One task; its id is the task's.

    Dapr gives an actor one call or reminder at a time. Each may come again after a crash: so a
    method does its outside effects first (which can be repeated), and then writes one value.

    Args:
        context: Of the runtime.
        actor_id: The task's id.
        notifier: Sends notifications. Its calls must be short, for reads wait while a reminder
            fires.
        channel: The channel of the notifications.
        retry: How long after a failure a reminder fires again.
        keep: How long a task is kept after its end.
    """

    def __init__(
        self,
        context: ActorRuntimeContext,
        actor_id: ActorId,
        notifier: NotifierClient,
        channel: ChannelName,
        retry: timedelta,
        keep: timedelta,
    ) -> None:
        super().__init__(context, actor_id)
        self._notifier = notifier
        self._channel = channel
        # Without one, Dapr drops a reminder after 3 failures a second apart. With no maximum it
        # fires again until it succeeds.
        self._policy = ActorReminderFailurePolicy.constant_policy(interval=retry)
        self._keep = keep

    async def create(self, data: object) -> object:
        """Create the task, unless it exists; a later life of its workflow replaces it."""
        step = Create.model_validate(data)
        task = await self._load()
        if task is not None and task.is_before(step.key):
            for name in (FORGET, *(reminder.name for reminder in task.reminders.armed)):
                await self.unregister_reminder(name)
            # Said by a number: Redis keeps the TTL of a value that is written without one.
            task = await self._save(TrackedTask.created(step, _now()), ttl=NO_TTL)
        if task is None:
            task = await self._save(TrackedTask.created(step, _now()))
        return _reply(task)

    async def record(self, data: object) -> object:
        """Add an entry to the history, unless the step did, or is of an earlier life."""
        step = Record.model_validate(data)
        task = await self._require()
        if not task.ignores(step.key):
            task = await self._save(task.with_entry(step, _now()))
        return _reply(task)

    async def arm(self, data: object) -> object:
        """Register the reminders, then save them; one that fires in between finds nothing armed."""
        step = Arm.model_validate(data)
        task = await self._require()
        if not task.ignores(step.key):
            for reminder in step.reminders:
                await self._register(reminder.name, reminder.at)
            task = await self._save(task.armed(step, _now()))
        return _reply(task)

    async def rearm(self) -> object:
        """Register the reminders that are armed: the scheduler may have lost them."""
        task = await self._load()
        for reminder in task.reminders.armed if task else ():
            await self._register(reminder.name, reminder.at)
        return _reply(task)

    async def finish(self, data: object) -> object:
        """Unregister the reminders, and save how the task ended, for as long as it is kept."""
        step = Finish.model_validate(data)
        task = await self._require()
        if not task.ignores(step.key):
            for reminder in task.reminders.armed:
                await self.unregister_reminder(reminder.name)
            keep = int(self._keep.total_seconds())
            task = await self._save(task.finished(step, _now()), ttl=keep)
        return _reply(task)

    async def get(self) -> object:
        """Return the task, if there is one."""
        return _reply(await self._load())

    async def receive_reminder(
        self,
        name: str,
        state: bytes,
        due_time: timedelta,
        period: timedelta,
        ttl: timedelta | None = None,
    ) -> None:
        """Send the notification of a reminder; an exception has Dapr fire it again."""
        if name == FORGET:
            task = await self._load()
            # A later life may have begun since it was armed.
            if task is not None and task.ended:
                await self._state_manager.try_remove_state(STATE)
            return
        task = await self._load()
        reminder = task.reminder(name) if task else None
        if task is None or reminder is None:
            # It fired before, or was disarmed; or the step that arms it crashed, and is retried.
            log.info("a reminder with nothing to do", task_id=self.id.id, reminder=name)
            return
        try:
            what = await self._notify(reminder)
        except (PeerUnavailable, InjectedFailure) as error:
            log.warning("a reminder is undelivered", task_id=self.id.id, reminder=name)
            log.debug("a reminder is undelivered", error=str(error))
            await self._save(task.with_failed_attempt(ReminderName(name)))
            # Dapr's SDK saves after a turn that went well only.
            await self._state_manager.save_state()
            # Dapr logs it, and what the notifier says may name the recipient.
            raise ReminderUndelivered(f"the reminder {name} is undelivered") from None
        await self._save(task.fired(reminder, what, "the actor's reminder", _now()))

    async def _notify(self, reminder: ArmedReminder) -> str:
        if reminder.attempts < reminder.fail_first:
            raise InjectedFailure(f"attempt {reminder.attempts + 1}")
        message = reminder.message
        request = NotificationRequest(
            recipient=message.recipient,
            subject=message.subject,
            body=message.body,
            channel=self._channel,
        )
        try:
            await self._notifier.notify(message.key, request)
        except PeerRefused as error:
            # It would be refused again.
            return f"{reminder.name}: {message.recipient} cannot be notified: {error}"
        return f"{reminder.name}: {message.recipient} was notified"

    async def _register(self, name: str, at: datetime) -> None:
        delay = max(at - _now(), timedelta(0))
        await self.register_reminder(name, b"", delay, failure_policy=self._policy)

    async def _on_pre_actor_method(self, method_context: ActorMethodContext) -> None:
        # The SDK caches state as long as it takes the actor for active, and keeps there what a
        # failed turn did not save. What is in the store is what counts.
        await self._state_manager.clear_cache()

    async def _load(self) -> TrackedTask | None:
        found, value = await self._state_manager.try_get_state(STATE)
        return TrackedTask.model_validate(value) if found else None

    async def _require(self) -> TrackedTask:
        task = await self._load()
        if task is None:
            raise LookupError(f"task {self.id.id} was never created")
        return task

    async def _save(self, task: TrackedTask, ttl: int | None = None) -> TrackedTask:
        """Set the task, which the SDK saves at the end of the turn; for `ttl` seconds, if given."""
        await self._state_manager.set_state_ttl(STATE, task.model_dump(mode="json"), ttl)
        return task


def _reply(task: TrackedTask | None) -> dict[str, Any]:
    return Reply(task=task).model_dump(mode="json")


def _now() -> datetime:
    return datetime.now(UTC)
