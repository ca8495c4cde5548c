"""A task with an actor, over the API."""

from datetime import UTC, datetime
from math import ceil
from typing import Any

import pytest

from support.system import System, eventually, somebody, unique


async def read(system: System, task_id: str) -> dict[str, Any]:
    answer = await system.orchestrator.get(f"/tasks/{task_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def fired(system: System, task_id: str, name: str) -> dict[str, Any]:
    """Return the task once a reminder has fired."""

    async def look() -> dict[str, Any] | None:
        answer = await system.orchestrator.get(f"/tasks/{task_id}")
        task = answer.json() if answer.status_code == 200 else {"reminders": {"fired": []}}
        names = [reminder["name"] for reminder in task["reminders"]["fired"]]
        return task if name in names else None

    return await eventually(look, f"{name} of {task_id}")


async def start(system: System, task_id: str, assignee: str, **more: Any) -> str:
    return await system.start("/tasks", task_id=task_id, title="T", assignee=assignee, **more)


async def test_a_task_is_reminded_escalated_and_done(system: System) -> None:
    member, lead, name = somebody(), somebody(), unique()
    instance = await start(
        system, name, member, due_in_seconds=6, remind_before_seconds=4, escalate_to=lead
    )
    assert instance == f"tracked-{name}"
    await system.waiting(instance, "done")

    reminded = await fired(system, name, "remind")
    assert reminded["reminders"]["next"] == reminded["due"]
    escalated = await fired(system, name, "escalate")
    assert escalated["state"] == "assigned"
    assert escalated["reminders"]["next"] is None
    assert set(await system.notification_keys(member)) == {
        f"{instance}:notify",
        f"{instance}:remind",
    }
    assert await system.notification_keys(lead) == [f"{instance}:escalate"]
    assert await system.held(member) == [f"{instance}:assign"]

    answer = await system.orchestrator.post(
        f"/tasks/{instance}/done", json={"by": member, "comment": "late, sorry"}
    )
    assert answer.status_code == 200, answer.text
    state = await system.finished(instance)
    assert state["output"]["status"] == "done"
    task = await read(system, name)
    assert task["state"] == "done"
    assert [entry["key"].removeprefix(f"{instance}:") for entry in task["history"]] == [
        "create",
        "assigned",
        "told",
        "remind",
        "escalate",
        "end",
    ]
    assert task["history"][-1]["by"] == member
    assert await system.held(member) == []


async def test_a_task_that_is_done_in_time_sends_no_reminder(system: System) -> None:
    member, name = somebody(), unique()
    instance = await start(system, name, member, due_in_seconds=6, remind_before_seconds=1)
    await system.waiting(instance, "done")
    assert (await system.send(instance, "done", by=member)).status_code == 200
    await system.finished(instance)
    task = await read(system, name)
    assert task["reminders"] == {"armed": [], "fired": [], "next": None}
    due = datetime.fromisoformat(task["due"])

    # A second task, due later, has had its reminder: the first would have had its own before.
    other, left = unique(), due - datetime.now(UTC)
    seconds = max(0, ceil(left.total_seconds())) + 1
    await start(system, other, somebody(), due_in_seconds=seconds, remind_before_seconds=0)
    await fired(system, other, "escalate")
    assert await system.notification_keys(member) == [f"{instance}:notify"]


async def test_a_second_end_of_a_task_is_refused(system: System) -> None:
    member, name = somebody(), unique()
    instance = await start(system, name, member)
    await system.waiting(instance, "cancel")
    assert (await system.send(instance, "cancel", by="alice", reason="off")).status_code == 200
    late = await system.send(instance, "done", by=member)
    assert late.status_code in (409, 410)
    assert (await system.finished(instance))["output"]["status"] == "cancelled"
    assert (await read(system, name))["state"] == "cancelled"
    assert await system.held(member) == []


async def test_a_reminder_is_retried_until_it_succeeds(system: System) -> None:
    member, name = somebody(), unique()
    instance = await start(
        system,
        name,
        member,
        due_in_seconds=3600,
        remind_before_seconds=3600,
        simulate="reminder_fails",
    )
    task = await fired(system, name, "remind")
    assert task["reminders"]["fired"][0]["attempts"] == 7
    assert (await system.notification_keys(member)).count(f"{instance}:remind") == 1
    await system.send(instance, "cancel", by=member)
    await system.finished(instance)


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"title": " "}, "Missing title"),
        ({"assignee": None}, "Missing assignee"),
        ({"due": "9999-12-31T23:59:59-12:00"}, "Due after"),
        ({"due": "2030-01-01T00:00:00Z", "due_in_seconds": 5}, "Give either"),
    ],
)
async def test_an_invalid_task_is_rejected(
    system: System, request_: dict[str, Any], why: str
) -> None:
    name = unique()
    task = {"task_id": name, "title": "T", "assignee": "alice", **request_}
    instance = await system.start("/tasks", **task)
    assert why in (await system.finished(instance))["output"]["message"]
    assert (await read(system, name))["state"] == "rejected"


async def test_the_same_start_again_starts_nothing_and_another_is_refused(system: System) -> None:
    name = unique()
    task = {"task_id": name, "title": "T", "assignee": somebody()}
    assert (await system.orchestrator.post("/tasks", json=task)).status_code == 202
    again = await system.orchestrator.post("/tasks", json=task)
    assert again.status_code == 200
    assert again.headers["location"] == f"/instances/tracked-{name}"
    other = await system.orchestrator.post("/tasks", json={**task, "title": "U"})
    assert other.status_code == 409
    await system.waiting(f"tracked-{name}", "cancel")
    await system.send(f"tracked-{name}", "cancel", by="alice")


async def test_an_unknown_task_is_not_found(system: System) -> None:
    assert (await system.orchestrator.get(f"/tasks/{unique()}")).status_code == 404
    assert (await system.orchestrator.get("/tasks/a%7Cb")).status_code == 404


async def test_a_tracked_task_and_a_processed_task_may_share_an_id(system: System) -> None:
    name, member = unique(), somebody()
    await system.process(task_id=name, title="T", assignee=member)
    instance = await start(system, name, member)
    assert (await system.orchestrator.get(f"/tasks/task-{name}/status")).status_code == 200
    assert (await system.status(f"task-{name}"))["status"] in ("RUNNING", "COMPLETED")
    await system.waiting(instance, "cancel")
    await system.send(instance, "cancel", by=member)
    await system.finished(instance)


async def test_actors_are_not_in_the_public_api(system: System) -> None:
    for method, path in [
        ("GET", "/dapr/config"),
        ("PUT", "/actors/TaskActor/1/method/Get"),
        ("PUT", "/actors/TaskActor/1/method/remind/forget"),
        ("DELETE", "/actors/TaskActor/1"),
    ]:
        assert (await system.orchestrator.request(method, path)).status_code == 404
    paths = (await system.orchestrator.get("/openapi.json")).json()["paths"]
    assert not [path for path in paths if "actor" in path or path.startswith("/dapr")]
