"""The SDK's runtime of a task's actor, over a store in memory, for its tests."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from dapr.actor import ActorId
from dapr.actor.runtime._type_information import ActorTypeInformation
from dapr.actor.runtime.context import ActorRuntimeContext
from dapr.actor.runtime.manager import ActorManager
from dapr.clients.base import DaprActorClientBase
from dapr.serializers import DefaultJSONSerializer

from contracts.notifier import ChannelName, NotificationRequest
from orchestrator.workflows.tracked_task.actor.task_actor import TaskActor
from orchestrator.workflows.tracked_task.state import TrackedTask

DUE = datetime(2026, 1, 2, tzinfo=UTC)
CREATE = {"key": "t:create", "task_id": "1", "title": "T", "due": DUE.isoformat(), "by": "w"}
TOLD = {"key": "t:told", "what": "told", "by": "w"}
FINISH = {"key": "t:end", "what": "done", "by": "alice", "state": "done"}


def arm(fail_first: int = 0) -> dict[str, Any]:
    reminders = [
        {
            "name": name,
            "at": DUE.isoformat(),
            "message": {"key": f"t:{name}", "recipient": who, "subject": "S", "body": "B"},
            "fail_first": fail_first,
        }
        for name, who in (("remind", "alice"), ("escalate", "dana"))
    ]
    return {
        "key": "t:assigned",
        "what": "assigned",
        "by": "w",
        "assignee": "alice",
        "reminders": reminders,
    }


class Crash(Exception):
    """The process, or the sidecar, died."""


class MemorySidecar(DaprActorClientBase):  # type: ignore[misc]
    """The sidecar of an actor: state and reminders."""

    def __init__(self) -> None:
        self.state: dict[str, bytes] = {}
        self.ttl: dict[str, int] = {}
        """Seconds; as Redis, it stays where a value is written without one."""
        self.reminders: dict[str, dict[str, Any]] = {}
        self.writes_until_crash: int | None = None

    def _write(self) -> None:
        if self.writes_until_crash is not None:
            self.writes_until_crash -= 1
            if self.writes_until_crash < 0:
                raise Crash

    async def invoke_method(self, *_: Any) -> bytes:
        raise NotImplementedError

    async def save_state_transactionally(self, _: str, __: str, data: bytes) -> None:
        self._write()
        for operation in json.loads(data):
            key = operation["request"]["key"]
            if operation["operation"] == "delete":
                del self.state[key]
            else:
                self.state[key] = json.dumps(operation["request"]["value"]).encode()
                if ttl := operation["request"].get("metadata", {}).get("ttlInSeconds"):
                    self._expire(key, int(ttl))

    def _expire(self, key: str, seconds: int) -> None:
        self.ttl.pop(key, None)
        if seconds > 0:
            self.ttl[key] = seconds

    async def get_state(self, _: str, __: str, name: str) -> bytes:
        return self.state.get(name, b"")

    async def register_reminder(self, _: str, __: str, name: str, data: bytes) -> None:
        self._write()
        self.reminders[name] = json.loads(data)

    async def unregister_reminder(self, _: str, __: str, name: str) -> None:
        self._write()
        self.reminders.pop(name, None)

    async def register_timer(self, *_: Any) -> None:
        raise NotImplementedError

    async def unregister_timer(self, *_: Any) -> None:
        raise NotImplementedError


class MemoryNotifier:
    """Keeps what was sent by key, or raises `error`."""

    def __init__(self) -> None:
        self.sent: dict[str, NotificationRequest] = {}
        self.error: Exception | None = None

    async def notify(self, key: str, request: NotificationRequest) -> None:
        if self.error is not None:
            raise self.error
        assert self.sent.setdefault(key, request) == request


class Host:
    """Hosts one actor; `restart` drops the state of the process."""

    def __init__(self) -> None:
        self.sidecar = MemorySidecar()
        self.notifier = MemoryNotifier()
        self.restart()

    def restart(self) -> None:
        def actor(context: ActorRuntimeContext, actor_id: ActorId) -> TaskActor:
            return TaskActor(
                context,
                actor_id,
                self.notifier,  # type: ignore[arg-type]
                ChannelName.INBOX,
                timedelta(seconds=1),
                timedelta(days=30),
            )

        json_ = DefaultJSONSerializer()
        info = ActorTypeInformation.create(TaskActor)
        context = ActorRuntimeContext(info, json_, json_, self.sidecar, actor)
        self.manager = ActorManager(context)

    async def call(self, method: str, step: dict[str, Any] | None = None) -> TrackedTask | None:
        body = b"" if step is None else json.dumps(step).encode()
        reply = json.loads(await self.manager.dispatch(ActorId("1"), method, body))
        return None if reply["task"] is None else TrackedTask.model_validate(reply["task"])

    async def task(self) -> TrackedTask:
        task = await self.call("Get")
        assert task is not None
        return task

    async def fire(self, name: str) -> None:
        body = {"data": "", "dueTime": "0s", "period": ""}
        await self.manager.fire_reminder(ActorId("1"), name, json.dumps(body).encode())
        # As Dapr, which fires it again only where that failed.
        self.sidecar.reminders.pop(name, None)

    async def keys(self) -> list[str]:
        return [entry.key for entry in (await self.task()).history]
