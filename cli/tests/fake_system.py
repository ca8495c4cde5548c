"""A fake of the whole system, whose instance goes on once a process was killed."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from taskway.api import Api
from taskway.chaos.target import Killed

INSTANCE = "task-42"
BEGAN = datetime.now(UTC)
WORKFLOW: dict[str, Any] = {
    "name": "task",
    "title": "Task",
    "start": "/tasks",
    "id_field": "task_id",
    "samples": {"first": {"summary": "A task", "request": {"title": "T"}, "outcome": "completed"}},
}


def step(number: int, name: str, status: str = "completed", **more: Any) -> dict[str, Any]:
    """Return a step of a history."""
    at = (BEGAN + timedelta(seconds=number)).isoformat()
    return {
        "event_id": number,
        "kind": "activity",
        "name": name,
        "status": status,
        "started_at": at,
        "ended_at": None if status == "running" else at,
        "attempts": [{}],
        "input": None,
        "output": None,
        **more,
    }


MESSAGE = {"key": f"{INSTANCE}:notify", "recipient": "alice@example.com"}
ASSIGNED = {"assignment": {"email": "alice@example.com", "member_id": "alice"}}
BEFORE = [
    step(1, "assign_task", input={"key": f"{INSTANCE}:assign"}, output=ASSIGNED),
    step(2, "send_notification", "running", input=MESSAGE),
]
AFTER = [BEFORE[0], step(2, "send_notification", input=MESSAGE)]


class FakeSystem:
    """Answers as the services do, and is a target whose processes can be killed."""

    def __init__(self) -> None:
        self.workflows = [WORKFLOW]
        self.can_hold = True
        self.before, self.after = BEFORE, AFTER
        self.status, self.outcome = "COMPLETED", "completed"
        self.waits: list[dict[str, Any]] = []
        self.inbox = [f"{INSTANCE}:notify", "task-41:notify"]
        self.assignments = [f"{INSTANCE}:assign"]
        self.unavailable = 0
        self.killed: Killed | None = None
        self.held: list[str] = []
        self.events: list[httpx.Request] = []
        self.warnings: dict[str, list[str]] = {}
        self.orchestrator = Api("http://orchestrator", httpx.MockTransport(self.answer))

    def check(self, victim: str) -> None:
        """Every victim is there."""

    @contextmanager
    def hold(self, services: Sequence[str]) -> Iterator[None]:
        self.held += services
        yield
        assert self.killed is not None

    def kill(self, victim: str) -> Killed:
        self.killed = Killed(victim, "pid 1", "SIGKILL")
        return self.killed

    def successor(self, killed: Killed) -> str | None:
        return "pid 2"

    @contextmanager
    def peer(self, service: str) -> Iterator[Api]:
        yield self.orchestrator.at(f"http://{service}")

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.killed and self.unavailable:
            self.unavailable -= 1
            return httpx.Response(503, json={"title": "Not now", "detail": "restarting"})
        path = request.url.path.split("/")[1:]
        return self.answer_instance(request, path) or self.answer_service(request, path)

    def answer_service(self, request: httpx.Request, path: list[str]) -> httpx.Response:
        match path:
            case ["workflows"]:
                return httpx.Response(200, json=self.workflows)
            case ["readyz"]:
                return httpx.Response(200, json=self.warnings)
            case ["metrics"]:
                return httpx.Response(200, text=self.metrics(request.url.host))
            case ["assignments"]:
                items = [{"key": key, "member_id": "alice"} for key in self.assignments]
                return httpx.Response(200, json={"items": items})
            case ["inbox", recipient]:
                items = [{"key": key} for key in self.inbox if "@" in recipient]
                return httpx.Response(200, json={"items": items, "recipient": recipient})
        return httpx.Response(404, json={"title": "Not found", "detail": request.url.path})

    def answer_instance(self, request: httpx.Request, path: list[str]) -> httpx.Response | None:
        match path:
            case ["tasks"]:
                return httpx.Response(202, json={"instance_id": INSTANCE})
            case ["instances", _]:
                return httpx.Response(200, json=self.detail())
            case ["instances", _, "history"]:
                return httpx.Response(200, json={"steps": self.steps()})
            case ["instances", _, "events", _]:
                self.events.append(request)
                return httpx.Response(200, json={})
        return None

    def metrics(self, service: str) -> str:
        route = {"assigner": "/assignments/{key}", "notifier": "/notifications/{key}"}[service]
        family = "http_server_duration_milliseconds_count"
        count = 7 if self.killed else 5
        target = f'http_status_code="200",http_target="{route}"'
        return (
            f'{family}{{http_method="PUT",{target}}} {count}.0\n'
            f'{family}{{http_method="GET",{target}}} 9.0\n'
            f'http_server_other_count{{http_method="PUT",{target}}} 9.0\n'
        )

    def waiting(self) -> bool:
        return bool(self.waits) and not self.events

    def steps(self) -> list[dict[str, Any]]:
        return self.after if self.killed and not self.waiting() else self.before

    def detail(self) -> dict[str, Any]:
        ended = self.killed is not None and not self.waiting()
        return {
            "status": self.status if ended else "RUNNING",
            "created_at": BEGAN.isoformat(),
            "input": {"title": "T"},
            "output": {"status": self.outcome} if ended else None,
            "custom_status": {"step": "send_notification", "message": "M", "waits": self.waits},
        }


def event_bodies(system: FakeSystem) -> list[Any]:
    """Return the payloads of the events that arrived."""
    return [json.loads(request.content) for request in system.events]
