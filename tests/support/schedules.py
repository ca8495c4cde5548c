"""Schedules of tasks."""

from typing import Any

import httpx

from support.system import System, eventually, somebody


def plants(**more: Any) -> dict[str, Any]:
    request = {"title": "Water the plants", "assignee": somebody()}
    return {"workflow": "task", "request": request, **more}


async def put(system: System, name: str, body: dict[str, Any]) -> httpx.Response:
    return await system.orchestrator.put(f"/schedules/{name}", json=body)


async def state(system: System, name: str) -> dict[str, Any]:
    answer = await system.orchestrator.get(f"/schedules/{name}")
    assert answer.status_code == 200, answer.text
    schedule: dict[str, Any] = answer.json()
    return schedule


async def ran(system: System, name: str, before: str | None) -> dict[str, Any]:
    """Return the schedule once it has started something after `before`."""

    async def look() -> dict[str, Any] | None:
        schedule = await state(system, name)
        return schedule if schedule["last_instance"] not in (None, before) else None

    found: dict[str, Any] = await eventually(look, f"{name} to run", within=30)
    return found
