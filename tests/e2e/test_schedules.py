"""Schedules start workflows repeatedly."""

from typing import Any

import pytest

from support.schedules import plants, put, ran
from support.system import System, unique


async def test_a_schedule_starts_a_workflow_repeatedly_until_it_is_deleted(system: System) -> None:
    name = unique()
    body = plants(every_seconds=5)
    created = await put(system, name, body)
    assert (created.status_code, created.json()["last_instance"]) == (200, None)
    assert (await put(system, name, body)).json()["next_at"] == created.json()["next_at"]

    first = await ran(system, name, None)
    second = await ran(system, name, first["last_instance"])
    assert first["last_at"] == created.json()["next_at"] < second["last_at"] < second["next_at"]
    for schedule in (first, second):
        assert schedule["last_error"] is None
        assert (await system.finished(schedule["last_instance"]))["status"] == "COMPLETED"

    paused = (await system.orchestrator.post(f"/schedules/{name}/pause")).json()
    assert (paused["paused"], paused["next_at"]) == (True, None)
    resumed = (await system.orchestrator.post(f"/schedules/{name}/resume")).json()
    assert resumed["next_at"] > second["last_at"]
    third = await ran(system, name, paused["last_instance"])

    # A caller cannot take the id of a run that is to come.
    request_id = third["last_instance"].removeprefix("task-")
    taken = {**body["request"], "task_id": request_id}
    assert (await system.orchestrator.post("/tasks", json=taken)).status_code == 422

    page = {"limit": "1", "cursor": name[:-1]}
    listed = (await system.orchestrator.get("/schedules", params=page)).json()
    assert [schedule["id"] for schedule in listed["items"]] == [name]
    assert (await system.orchestrator.delete(f"/schedules/{name}")).status_code == 204
    assert (await system.orchestrator.get(f"/schedules/{name}")).status_code == 404
    assert (await system.orchestrator.delete(f"/schedules/{name}")).status_code == 204
    assert (await system.orchestrator.get(f"/schedules/{name}")).status_code == 404
    # Each run is one task, and one assignment.
    held = await system.held(body["request"]["assignee"])
    runs = {key.rsplit(":", 1)[0] for key in held}
    assert len(held) == len(runs) >= 3
    assert third["last_instance"] in runs


async def test_a_cron_expression_is_in_utc(system: System) -> None:
    name = unique()
    schedule = (await put(system, name, plants(cron="30 9 * * MON"))).json()
    assert schedule["next_at"].endswith("T09:30:00Z")
    await system.orchestrator.delete(f"/schedules/{name}")


@pytest.mark.parametrize(
    "wrong",
    [
        plants(cron="every day"),
        plants(cron="* * * * * *"),
        plants(),
        plants(cron="* * * * *", every_seconds=5),
        {"workflow": "nothing", "request": {}, "every_seconds": 5},
        {"workflow": "task", "request": {"title": []}, "every_seconds": 5},
        # The run replaces the id.
        {"workflow": "task", "request": {"title": "T", "task_id": [[]]}, "every_seconds": 5},
    ],
)
async def test_an_invalid_schedule_is_refused(system: System, wrong: dict[str, Any]) -> None:
    name = unique()
    refused = await put(system, name, wrong)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:taskway:problem:validation")
    assert (await system.orchestrator.get(f"/schedules/{name}")).status_code == 404
