"""The list of instances, its counts, and its stream, over the API."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from support.system import System, eventually, unique


async def listed(system: System, **params: Any) -> list[dict[str, Any]]:
    """Return the items of every page."""
    items: list[dict[str, Any]] = []
    while True:
        answer = await system.orchestrator.get("/instances", params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["next"] is None:
            return items
        params["cursor"] = page["next"]


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["instance_id"] for item in items]


async def test_an_instance_is_listed_from_its_start(system: System) -> None:
    name, person = unique(), f"{unique('who')}@example.com"
    instance = await system.start(
        "/tasks/process", task_id=name, title="Blue chair", assignee=person
    )
    [item] = await listed(system, q=f"CHAIR {person.upper()}")
    assert (item["instance_id"], item["workflow"], item["parent"]) == (instance, "task", None)

    state = await system.finished(instance)

    async def ended() -> dict[str, Any] | None:
        [item] = await listed(system, id_prefix=instance)
        return item if item["status"] == "COMPLETED" else None

    item = await eventually(ended, "the list to show the end", within=30)
    assert item["step"] == state["custom_status"]["step"] == "completed"
    assert item["message"] == state["custom_status"]["message"][:200]
    assert item["created_at"] == state["created_at"]
    assert item["completed_at"] is not None
    assert ids(await listed(system, id_prefix=instance, status="COMPLETED")) == [instance]
    assert await listed(system, id_prefix=instance, status=["RUNNING", "FAILED"]) == []


async def test_children_are_listed_under_their_parent(system: System) -> None:
    name = unique()
    parent = await system.start("/hello", hello_id=name, user_name="ada")
    child = f"{parent}:child-ada"

    async def known() -> dict[str, Any] | None:
        return next(iter(await listed(system, parent=parent, status="COMPLETED")), None)

    item = await eventually(known, "the child to be listed")
    assert (item["instance_id"], item["parent"]) == (child, parent)
    assert item["workflow"] == "hello_child_workflow"
    assert ids(await listed(system, id_prefix=parent, top_level=True)) == [parent]
    assert ids(await listed(system, id_prefix=parent, sort="instance_id", order="asc")) == [
        parent,
        child,
    ]


async def test_pages_list_each_instance_once_while_others_start(system: System) -> None:
    run = unique("page")

    async def start(number: int) -> str:
        return await system.start("/tasks/process", task_id=f"{run}-{number}", title="")

    started = [await start(number) for number in range(7)]
    found: list[str] = []
    params: dict[str, Any] = {"id_prefix": f"task-{run}", "limit": 3}
    for number in range(7, 10):
        page = (await system.orchestrator.get("/instances", params=params)).json()
        found += ids(page["items"])
        params["cursor"] = page["next"]
        await start(number)
    assert params["cursor"] is None
    # The newest first, and what came after the first page belongs before it.
    assert found == started[::-1]


async def test_the_summary_counts_what_is_listed(system: System) -> None:
    run = unique("count")
    for number in range(3):
        instance = await system.start("/tasks/process", task_id=f"{run}-{number}", title="")
        await system.finished(instance)

    async def counted() -> dict[str, Any] | None:
        params = {"id_prefix": f"task-{run}"}
        answer = await system.orchestrator.get("/instances/summary", params=params)
        counts = answer.json()
        return counts if counts["by_status"] == {"COMPLETED": 3} else None

    counts = await eventually(counted, "all to be counted")
    assert (counts["total"], counts["overdue"]) == (3, 0)
    assert counts["by_workflow"] == {"task": {"COMPLETED": 3}}
    everything = (await system.orchestrator.get("/instances/summary")).json()
    assert everything["total"] >= 3


@pytest.mark.parametrize(
    "path",
    [
        "/applications/application-{}",
        "/batches/batch-{}",
        "/batches/batch-{}/results",
        "/instances/purchase-{}",
        "/instances/tracked-{}",
        "/monitors/monitor-{}",
        "/onboardings/onboarding-{}",
        "/onboardings/onboarding-{}/documents",
        "/orders/order-{}",
        "/research/research-{}",
        "/tasks/{}",
    ],
)
async def test_an_unknown_instance_is_not_found(system: System, path: str) -> None:
    answer = await system.orchestrator.get(path.format(unique()))
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:taskway:problem:not-found"


async def test_an_unknown_cursor_is_refused(system: System) -> None:
    answer = await system.orchestrator.get("/instances", params={"cursor": "nonsense"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == ["query.cursor"]


Event = dict[str, Any]


async def events(answer: httpx.Response) -> AsyncIterator[Event]:
    """Yield the events of a stream, with their data as JSON."""
    event: Event = {}
    async for line in answer.aiter_lines():
        if not line and event:
            yield event
            event = {}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = json.loads(value) if name == "data" else value


async def event_of(stream: AsyncIterator[Event], instance_id: str, status: str) -> Event:
    """Return the event that says that an instance has that status."""
    async with asyncio.timeout(60):
        async for event in stream:
            data = event["data"]
            if data.get("instance_id") == instance_id and data.get("status") == status:
                return event
    raise AssertionError("the stream ended")


async def test_a_stream_sends_each_change_and_resumes(system: System) -> None:
    async def complete() -> bool | None:
        answer = await system.orchestrator.get("/instances", params={"limit": 1})
        return True if answer.json()["index"]["complete"] else None

    await eventually(complete, "the index to be complete")
    async with system.orchestrator.stream("GET", "/instances/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = events(answer)
        summary = await anext(stream)
        assert summary["event"] == "summary"
        assert summary["data"]["total"] >= 0
        instance = await system.start("/tasks/process", task_id=unique(), title="")
        await event_of(stream, instance, "COMPLETED")

    later = await system.start("/tasks/process", task_id=unique(), title="")
    seen = {"Last-Event-ID": summary["id"]}
    async with system.orchestrator.stream("GET", "/instances/stream", headers=seen) as answer:
        stream = events(answer)
        await event_of(stream, instance, "COMPLETED")
        await event_of(stream, later, "COMPLETED")

    seen = {"Last-Event-ID": "of-another-process"}
    async with system.orchestrator.stream("GET", "/instances/stream", headers=seen) as answer:
        assert (await anext(events(answer)))["event"] == "reload"
