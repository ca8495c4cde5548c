"""The output of a demonstration, and its events."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from rich.console import Console

from stack.demo import Demo
from stack.errors import StackError, UnknownSampleError

URLS = {name: f"http://{name}" for name in ("assigner", "notifier", "orchestrator")}


SAMPLES = {
    "completed": {
        "summary": "A task [for] Alice",
        "request": {"task_id": "42", "title": "T"},
        "events": [],
        "outcome": "completed",
    },
    "decided": {
        "summary": "A task that waits",
        "request": {"task_id": "43", "title": "T"},
        "events": [{"event": "approval", "payload": {"approved": True}, "after_seconds": 0}],
        "outcome": None,
    },
    "stopped": {
        "summary": "A monitor that is stopped",
        "request": {"task_id": "44", "title": "T"},
        "events": [{"event": "stop", "payload": {"by": "alice"}, "after_seconds": 0.2}],
        "outcome": None,
    },
}
WORKFLOW = {
    "name": "task",
    "title": "Task processing",
    "start": "/tasks/process",
    "id_field": "task_id",
    "samples": SAMPLES,
}


@dataclass
class FakeSystem:
    """Answers as the three services do."""

    outcome: str = "completed"
    answers: list[int | None] = field(default_factory=lambda: [202])
    lost_effects: int = 0
    polls: list[dict[str, Any] | None] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    ends_by_event: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.host, request.url.path.split("/"):
            case "orchestrator", ["", "workflows"]:
                return httpx.Response(200, json=[WORKFLOW])
            case "orchestrator", ["", "tasks", "process"]:
                instance = f"task-{json.loads(request.content)['task_id']}"
                code = self.answers.pop(0)
                if code is None:
                    raise httpx.ConnectError("refused", request=request)
                body = {"instance_id": instance, "detail": "still starting"}
                headers = {"Retry-After": "0", "Location": f"/tasks/{instance}/status"}
                return httpx.Response(code, json=body, headers=headers)
            case "orchestrator", ["", "instances", _, "events", "approval" | "stop"]:
                self.events.append(json.loads(request.content))
                return httpx.Response(200, json={})
            case "orchestrator", ["", "instances", _]:
                return httpx.Response(200, json=self.poll(request))
            case "assigner", _ if self.lost_effects:
                self.lost_effects -= 1
                raise httpx.ConnectError("refused", request=request)
            case "assigner", ["", "assignments", key] if key.endswith(":assign"):
                return httpx.Response(200, json={"email": "alice@example.com"})
            case "notifier", ["", "inbox", "alice@example.com"]:
                return httpx.Response(200, json={"items": [{"subject": "A task for you"}]})
        return httpx.Response(404)

    def poll(self, request: httpx.Request) -> dict[str, Any]:
        if not self.polls or (self.ends_by_event and self.events):
            return self.end()
        answer = self.polls.pop(0)
        if answer is None:
            raise httpx.ConnectError("refused", request=request)
        return answer

    def end(self) -> dict[str, Any]:
        output = {"status": self.outcome, "message": "as [it] ended"}
        return {"status": "COMPLETED", "output": output, "custom_status": None, "error": None}


@dataclass
class Shown:
    """The text that a demonstration writes."""

    system: FakeSystem
    client: httpx.AsyncClient
    text: io.StringIO

    async def show(self, workflow: str = "task", sample: str | None = None) -> bool:
        return await Demo(URLS, Console(file=self.text), self.client, workflow, sample).show()


@pytest.fixture
async def shown() -> AsyncIterator[Shown]:
    system, text = FakeSystem(), io.StringIO()
    async with httpx.AsyncClient(transport=httpx.MockTransport(system)) as client:
        yield Shown(system, client, text)


async def test_a_completed_sample_is_shown_with_its_effects(shown: Shown) -> None:
    step = {"step": "assign_task", "message": "Looking for alice", "details": {"of": 3}}
    shown.system.polls = [{"status": "RUNNING", "custom_status": step}] * 2
    assert await shown.show()
    text = shown.text.getvalue()
    assert text.count("assign_task: Looking for alice (of 3)") == 1
    evidence = ("A task [for] Alice", "ended completed", "as [it] ended", '"A task for you"')
    for part in evidence:
        assert part in text


async def test_an_unexpected_outcome_fails(shown: Shown) -> None:
    shown.system.outcome = "rejected"
    assert not await shown.show()
    assert "ended rejected" in shown.text.getvalue()


async def test_an_event_is_sent_once_the_workflow_waits_for_it(shown: Shown) -> None:
    waits = {"step": "ask", "message": "Asking", "waits": [{"event": "approval"}]}
    before = {"step": "assign_task", "message": "Looking"}
    shown.system.polls = [
        {"status": "RUNNING", "custom_status": progress} for progress in (before, waits, waits)
    ]
    assert await shown.show(sample="decided")
    assert shown.system.events == [{"approved": True}]


async def test_an_eternal_workflow_is_stopped_while_it_reports_each_check(shown: Shown) -> None:
    waits = [{"event": "stop"}]
    shown.system.polls = [
        {
            "status": "RUNNING",
            "custom_status": {"step": "healthy", "message": f"{n}", "waits": waits},
        }
        for n in range(1_000)
    ]
    shown.system.ends_by_event = True
    assert await shown.show(sample="stopped")
    assert shown.system.events == [{"by": "alice"}]
    # It was watched for a while first.
    assert len(shown.system.polls) < 999


async def test_details_that_are_lists_are_left_out(shown: Shown) -> None:
    details = {"checks": 2, "results": [{"ok": True}], "change": None}
    step = {"step": "healthy", "message": "Fine", "details": details}
    shown.system.polls = [{"status": "RUNNING", "custom_status": step}]
    await shown.show()
    assert "healthy: Fine (checks 2)\n" in shown.text.getvalue()


async def test_a_refused_request_is_an_error(shown: Shown) -> None:
    shown.system.answers = [422]
    with pytest.raises(StackError, match="refused with 422"):
        await shown.show()


@pytest.mark.parametrize(("workflow", "sample"), [("nope", None), ("task", "nope")])
async def test_an_unknown_name_lists_the_known(
    shown: Shown, workflow: str, sample: str | None
) -> None:
    with pytest.raises(UnknownSampleError, match="'nope'; there are: "):
        await shown.show(workflow, sample)


async def test_a_start_is_retried_while_the_system_is_unavailable(shown: Shown) -> None:
    shown.system.answers = [503, 503, 202]
    assert await shown.show()
    assert shown.text.getvalue().count("not yet: still starting") == 2


async def test_a_restart_of_the_orchestrator_is_survived(shown: Shown) -> None:
    shown.system.answers = [None, 202]
    shown.system.polls = [None, None]
    assert await shown.show()
    assert "not yet: no answer (ConnectError)" in shown.text.getvalue()


async def test_effects_are_shown_once_a_killed_peer_is_back(shown: Shown) -> None:
    shown.system.lost_effects = 1
    assert await shown.show()
    assert '"A task for you"' in shown.text.getvalue()
