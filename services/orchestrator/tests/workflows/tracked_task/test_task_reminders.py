"""Which reminder of a task is due first, and whether the scheduler has it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from orchestrator.toolkit.actor_reminders import DueReminder
from orchestrator.workflows.tracked_task.adapters.task_reminders import TaskReminders

DUE = datetime(2026, 1, 2, tzinfo=UTC)
LATER = datetime(2026, 1, 3, tzinfo=UTC)


def task(**reminders: datetime) -> dict[str, Any]:
    armed = [
        {
            "name": name,
            "at": at.isoformat(),
            "message": {"key": f"t:{name}", "recipient": "alice", "subject": "S", "body": "B"},
        }
        for name, at in reminders.items()
    ]
    plain = {"task_id": "1", "title": "T", "state": "assigned"}
    return {"task": {**plain, "reminders": {"armed": armed}}}


def reminders(of: dict[str, Any], scheduler: int, asked: list[str]) -> TaskReminders:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.removeprefix("/v1.0/actors/TaskActor/1/"))
        if request.method == "GET":
            return httpx.Response(scheduler)
        return httpx.Response(200, json=of)

    return _through(answer)


def _through(answer: Callable[[httpx.Request], httpx.Response]) -> TaskReminders:
    http = httpx.AsyncClient(base_url="http://sidecar", transport=httpx.MockTransport(answer))
    return TaskReminders(http, timeout=1)


@pytest.mark.parametrize(("scheduler", "lost"), [(200, False), (404, True)])
async def test_the_first_is_looked_up_in_the_scheduler(scheduler: int, lost: bool) -> None:
    asked: list[str] = []
    found = reminders(task(escalate=LATER, remind=DUE), scheduler, asked)
    assert await found.due("tracked-1") == DueReminder(DUE, lost)
    assert asked == ["method/Get", "reminders/remind"]


async def test_a_scheduler_that_does_not_answer_has_lost_nothing() -> None:
    assert await reminders(task(remind=DUE), 500, []).due("tracked-1") is None


@pytest.mark.parametrize("of", [task(), {"task": None}])
async def test_a_task_without_reminders_waits_for_none(of: dict[str, Any]) -> None:
    asked: list[str] = []
    assert await reminders(of, 200, asked).due("tracked-1") is None
    assert asked == ["method/Get"]


async def test_the_actor_registers_them_again() -> None:
    asked: list[str] = []
    await reminders(task(remind=DUE), 404, asked).rearm("tracked-1")
    assert asked == ["method/Rearm"]


async def test_an_actor_that_does_not_answer_has_nothing_due() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    assert await _through(refuse).due("tracked-1") is None
