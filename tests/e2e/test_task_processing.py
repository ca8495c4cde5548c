"""A task, from the request to the assignee's inbox."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from support.system import System, somebody, unique


async def test_a_task_is_assigned_and_its_assignee_notified(system: System) -> None:
    task_id = unique()
    answer = await system.process(
        task_id=task_id, title="Review the report", assignee="alice@example.com"
    )
    assert answer.status_code == 202
    assert answer.json() == {"instance_id": f"task-{task_id}", "status": "scheduled"}
    assert answer.headers["location"] == f"/tasks/task-{task_id}/status"

    state = await system.finished(f"task-{task_id}")
    assert state["status"] == "COMPLETED"
    assert state["output"]["task_id"] == task_id
    assert state["output"]["status"] == "completed"
    assert state["output"]["message"].startswith("Task assigned to alice@example.com at ")
    assert state["custom_status"]["step"] == "completed"
    assert state["created_at"] <= state["last_updated_at"]

    assert f"task-{task_id}:assign" in await system.held("alice")
    [message] = [
        m for m in await system.inbox("alice@example.com") if m["key"] == f"task-{task_id}:notify"
    ]
    assert message["body"] == "You have been assigned task: Review the report"


async def test_priority_and_due_date_reach_the_inbox_and_the_agenda(system: System) -> None:
    member, task_id = unique("m"), unique()
    profile = {"name": "M", "email": f"{member}@example.com"}
    assert (await system.assigner.put(f"/members/{member}", json=profile)).status_code == 200
    await system.process(
        task_id=task_id,
        title="Fix the build",
        assignee=member,
        priority="urgent",
        due="2030-01-31T17:00:00+01:00",
    )
    await system.finished(f"task-{task_id}")
    [message] = await system.inbox(f"{member}@example.com")
    assert message["body"] == (
        "You have been assigned task: Fix the build (urgent priority, due 2030-01-31 17:00+01:00)"
    )
    [item] = (await system.assigner.get(f"/members/{member}/agenda")).json()["items"]
    for shown in (message, item):
        assert shown["priority"] == "urgent"
        assert datetime.fromisoformat(shown["due"]) == datetime(2030, 1, 31, 16, tzinfo=UTC)
    assert not item["overdue"]


async def test_a_task_by_skills_is_assigned_to_a_member_who_has_them(system: System) -> None:
    task_id = unique()
    await system.process(task_id=task_id, title="T", skills=["Design"], priority="high")
    state = await system.finished(f"task-{task_id}")
    assert state["output"]["assignee"] == "chandra@example.com"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"title": "", "assignee": "alice@example.com"}, "Missing title"),
        ({"title": "  ", "assignee": "alice@example.com"}, "Missing title"),
        ({"title": "T"}, "Missing assignee"),
        ({"title": "T", "assignee": ""}, "Missing assignee"),
        ({"title": "T", "assignee": "nobody"}, "Unknown member: nobody"),
        ({"title": "T", "assignee": "emil"}, "emil is away"),
        ({"title": "T", "skills": ["python", "juggling"]}, "No available member has the skills"),
    ],
)
async def test_an_invalid_task_is_rejected(
    system: System, fields: dict[str, Any], message: str
) -> None:
    task_id = unique()
    answer = await system.process(task_id=task_id, **fields)
    assert answer.status_code == 202
    state = await system.finished(f"task-{task_id}")
    assert (state["status"], state["output"]["status"]) == ("COMPLETED", "rejected")
    assert state["output"]["message"].startswith(message)
    assert (await system.assigner.get(f"/assignments/task-{task_id}:assign")).status_code == 404


async def test_a_task_for_a_member_without_capacity_is_rejected(system: System) -> None:
    member = unique("m")
    profile = {"name": "M", "email": f"{member}@example.com", "capacity": 1}
    assert (await system.assigner.put(f"/members/{member}", json=profile)).status_code == 200
    outcomes = []
    for _ in range(2):
        task_id = unique()
        await system.process(task_id=task_id, title="T", assignee=member)
        outcomes.append((await system.finished(f"task-{task_id}"))["output"])
    assert [o["status"] for o in outcomes] == ["completed", "rejected"]
    assert outcomes[1]["message"] == f"{member} has no capacity left"


async def test_a_malformed_task_is_a_problem_and_starts_nothing(system: System) -> None:
    task_id = unique()
    answer = await system.process(task_id=task_id, title="T", asignee="alice")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:taskway:problem:validation"
    assert [error["field"] for error in answer.json()["errors"]] == ["body.asignee"]
    assert (await system.orchestrator.get(f"/tasks/task-{task_id}/status")).status_code == 404


async def test_a_body_of_a_megabyte_is_refused(system: System) -> None:
    task_id = unique()
    answer = await system.process(task_id=task_id, title="x" * 1_000_000, assignee="alice")
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:taskway:problem:payload-too-large"
    assert (await system.orchestrator.get(f"/tasks/task-{task_id}/status")).status_code == 404


@pytest.mark.parametrize("instance_id", ["task-never-started", "x", "%7C%7C", "a" * 200])
async def test_an_unknown_instance_is_not_found(system: System, instance_id: str) -> None:
    answer = await system.orchestrator.get(f"/tasks/{instance_id}/status")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:taskway:problem:not-found"


async def test_the_same_start_again_answers_like_the_first(system: System) -> None:
    member, task_id = somebody(), unique()
    task = {"task_id": task_id, "title": "T", "assignee": member}
    first = await system.process(**task)
    while_running = await system.process(**task)
    state = await system.finished(f"task-{task_id}")
    when_completed = await system.process(**task)
    assert first.status_code == 202
    for again in (while_running, when_completed):
        assert (again.status_code, again.json()) == (200, first.json())
        assert again.headers["location"] == first.headers["location"]
    assert (await system.finished(f"task-{task_id}"))["created_at"] == state["created_at"]
    assert len(await system.inbox(member)) == 1


async def test_another_start_under_the_id_is_refused(system: System) -> None:
    task_id = unique()
    await system.process(task_id=task_id, title="T", assignee="alice")
    for _ in range(2):
        answer = await system.process(task_id=task_id, title="Other", assignee="alice")
        assert answer.status_code == 409
        assert answer.json()["type"] == "urn:taskway:problem:instance-exists"
        await system.finished(f"task-{task_id}")


async def test_concurrent_identical_starts_start_one(system: System) -> None:
    member, task_id = somebody(), unique()
    task = {"task_id": task_id, "title": "T", "assignee": member}
    answers = await asyncio.gather(*(system.process(**task) for _ in range(50)))
    assert sorted(a.status_code for a in answers) == [200] * 49 + [202]
    await system.finished(f"task-{task_id}")
    assert await system.held(member) == [f"task-{task_id}:assign"]
    assert len(await system.inbox(member)) == 1


async def test_concurrent_tasks_respect_the_capacity(system: System) -> None:
    member = unique("m")
    profile = {"name": "M", "email": f"{member}@example.com", "capacity": 10}
    await system.assigner.put(f"/members/{member}", json=profile)
    ids = [unique() for _ in range(50)]
    await asyncio.gather(*(system.process(task_id=i, title="T", assignee=member) for i in ids))
    states = [await system.finished(f"task-{i}") for i in ids]
    outcomes = [s["output"]["status"] for s in states]
    assert (outcomes.count("completed"), outcomes.count("rejected")) == (10, 40)
    assert len(await system.held(member)) == 10
    assert len(await system.inbox(f"{member}@example.com")) == 10
