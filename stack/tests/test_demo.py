"""What the sample task shows of what happened."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from rich.console import Console

from stack.demo import SampleTask
from stack.errors import StackError

URLS = {name: f"http://{name}" for name in ("assigner", "notifier", "orchestrator")}


@dataclass
class FakeSystem:
    """Answers as the three services do."""

    outcome: str = "completed"
    answers: list[int] = field(default_factory=lambda: [202])
    polls: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.host, request.url.path.split("/"):
            case "orchestrator", ["", "tasks", "process"]:
                instance = f"task-{json.loads(request.content)['task_id']}"
                code = self.answers.pop(0)
                body = {"instance_id": instance, "detail": "still starting"}
                return httpx.Response(code, json=body, headers={"Retry-After": "0"})
            case "orchestrator", ["", "tasks", _, "status"]:
                return httpx.Response(200, json=self.polls.pop(0) if self.polls else self.end())
            case "assigner", ["", "assignments", key] if key.endswith(":assign"):
                return httpx.Response(200, json={"member_id": "alice"})
            case "notifier", ["", "inbox", "alice@example.com"]:
                return httpx.Response(200, json={"items": [{"subject": "A task for you"}]})
        return httpx.Response(404)

    def end(self) -> dict[str, Any]:
        output = {"status": self.outcome, "message": "as [it] ended"}
        return {"status": "COMPLETED", "output": output, "custom_status": None}


@dataclass
class Shown:
    """A sample task, and the text it writes."""

    system: FakeSystem
    task: SampleTask
    text: io.StringIO


@pytest.fixture
async def shown() -> AsyncIterator[Shown]:
    system, text = FakeSystem(), io.StringIO()
    async with httpx.AsyncClient(transport=httpx.MockTransport(system)) as client:
        yield Shown(system, SampleTask(URLS, Console(file=text), client), text)


async def test_a_completed_task_is_a_success_with_its_evidence(shown: Shown) -> None:
    step = {"step": "assign_task", "message": "Looking for alice"}
    shown.system.polls = [{"status": "RUNNING", "custom_status": step}] * 2
    assert await shown.task.show()
    text = shown.text.getvalue()
    assert text.count("assign_task: Looking for alice") == 1
    for evidence in ("ended completed: as [it] ended", '"alice"', '"A task for you"'):
        assert evidence in text


async def test_a_rejected_task_is_no_success(shown: Shown) -> None:
    shown.system.outcome = "rejected"
    assert not await shown.task.show()
    assert "ended rejected" in shown.text.getvalue()


async def test_a_refusal_is_told(shown: Shown) -> None:
    shown.system.answers = [422]
    with pytest.raises(StackError, match="refused with 422"):
        await shown.task.show()


async def test_a_system_that_still_starts_is_waited_for(shown: Shown) -> None:
    shown.system.answers = [503, 503, 202]
    assert await shown.task.show()
    assert shown.text.getvalue().count("not yet: still starting") == 2
