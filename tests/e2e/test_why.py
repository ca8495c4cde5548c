"""The history of an instance and the reasons why it waits, over the API."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.system import System, eventually, somebody, unique


async def waits_for(system: System, instance: str, kind: str) -> dict[str, Any]:
    """Return the reason of that kind for which an instance waits, once it does."""

    state = await state_while_it_waits(system, instance, kind)
    return next(reason for reason in state["why"] if reason["kind"] == kind)


async def state_while_it_waits(system: System, instance: str, kind: str) -> dict[str, Any]:
    """Return the status of an instance once it waits for a reason of that kind."""

    async def look() -> dict[str, Any] | None:
        state = await system.status(instance)
        return state if kind in [reason["kind"] for reason in state["why"]] else None

    found: dict[str, Any] = await eventually(look, f"{instance} to wait for a {kind}")
    return found


async def test_a_failed_activity_waits_for_its_next_attempt(system: System) -> None:
    instance = await system.start("/hello", hello_id=unique(), user_name="ada", simulate="retries")
    reason = await waits_for(system, instance, "retry")
    number = reason["attempt"]
    assert reason["name"] == "try_luck"
    assert reason["attempts"] == 3
    assert reason["last_error"] == f"injected failure: attempt {number - 1}"
    assert reason["text"].startswith(
        f"activity try_luck: attempt {number} of 3, last error: {reason['last_error']}, next try at"
    )
    assert reason["until"] > reason["since"]

    await waits_for(system, instance, "timer")
    _, luck, *_ = await system.steps(instance)
    assert (luck["name"], luck["status"], luck["error"]) == ("try_luck", "completed", None)
    assert [attempt["error"] for attempt in luck["attempts"]] == [
        "injected failure: attempt 1",
        "injected failure: attempt 2",
        None,
    ]
    assert {attempt["error_type"] for attempt in luck["attempts"]} == {"InjectedFailure", None}


async def test_a_timer_is_a_reason_until_it_fires(system: System) -> None:
    name = unique()
    instance = await system.start("/hello", hello_id=name, user_name="ada", rest_seconds=5)
    running = await state_while_it_waits(system, instance, "timer")
    [reason] = running["why"]
    until = datetime.fromisoformat(reason["until"])
    assert reason["text"] == f"timer until {until:%Y-%m-%dT%H:%M:%SZ}"
    began = datetime.fromisoformat(running["created_at"])
    since = datetime.fromisoformat(reason["since"])
    # It counts from the beginning of its turn, and is created at the end of it.
    assert began < until - timedelta(seconds=5) <= since <= datetime.now(UTC)
    assert running["workflow"] == "hello"
    request = {"hello_id": name, "user_name": "ada", "simulate": None, "rest_seconds": 5}
    assert running["input"] == request
    assert running["completed_at"] is None
    [child] = running["children"]
    of_child = await system.status(child)
    assert of_child["parent"] == instance
    assert of_child["workflow"] == "hello_child_workflow"
    assert (of_child["input"], of_child["output"]) == ("ada", "Hello, ada, from a child!")

    ended = await system.finished(instance)
    assert ended["why"] == []
    assert ended["output"]["greetings"] == ["Hello, ada!", "Hello, ada, from a child!"]
    completed = datetime.fromisoformat(ended["completed_at"])
    assert until <= completed <= datetime.now(UTC)
    assert ended["duration_seconds"] == pytest.approx((completed - began).total_seconds(), abs=0.01)
    steps = await system.steps(instance)
    assert [(s["kind"], s["name"], s["status"]) for s in steps] == [
        ("activity", "greet", "completed"),
        ("activity", "try_luck", "completed"),
        ("child", "hello_child_workflow", "completed"),
        ("timer", "timer", "completed"),
    ]
    assert (steps[0]["input"], steps[0]["output"]) == ("ada", "Hello, ada!")
    assert steps[2]["instance_id"] == child


async def test_a_wait_is_a_reason_until_it_times_out(system: System) -> None:
    approver = somebody()
    instance = await system.purchase(approver, decide_within_seconds=6)
    wait = await system.waiting(instance, "approval")
    why = (await system.status(instance))["why"]
    [reason] = [reason for reason in why if reason["kind"] == "event"]
    assert reason["name"] == "approval"
    assert reason["until"] == wait["until"]
    assert reason["text"].startswith("waiting for event approval until ")
    assert reason["text"].endswith(f"assigned to {approver}")

    ended = await system.finished(instance)
    assert (ended["output"]["status"], ended["why"]) == ("cancelled", [])
    answer = await system.orchestrator.get(f"/instances/{instance}/history")
    statuses = [s["status"] for s in answer.json()["steps"] if s["kind"] == "event"]
    assert set(statuses) == {"timed_out"}


async def test_the_raw_history_is_a_download(system: System) -> None:
    instance = await system.start("/hello", hello_id=unique(), user_name="ada", simulate="failure")
    await system.finished(instance)
    answer = await system.orchestrator.get(f"/instances/{instance}/history/raw")
    assert answer.headers["content-disposition"] == 'attachment; filename="history.json"'
    events = answer.json()
    assert any(
        event.get("executionStarted", {}).get("name") == "hello_workflow" for event in events
    )
    assert "executionCompleted" in events[-1]


async def test_a_subscriber_gets_each_change_until_the_end(system: System) -> None:
    instance = await system.start(
        "/hello", hello_id=unique(), user_name="ada", simulate="retries", rest_seconds=3
    )
    seen = []
    async with system.orchestrator.stream("GET", f"/instances/{instance}/stream") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line.removeprefix("data: ")))
    assert seen[-1]["status"] == "COMPLETED"
    assert seen[-1]["output"] == (await system.status(instance))["output"]
    steps = [detail["custom_status"]["step"] for detail in seen if detail["custom_status"]]
    assert "rest" in steps
    moves = [(detail["last_updated_at"], detail["status"]) for detail in seen]
    assert len(set(moves)) == len(moves)


@pytest.mark.parametrize("path", ["", "/history", "/history/raw", "/stream"])
async def test_an_unknown_instance_is_not_found(system: System, path: str) -> None:
    answer = await system.orchestrator.get(f"/instances/{unique()}{path}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:taskway:problem:not-found"
