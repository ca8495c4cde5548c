"""A monitor of a real server that goes down and comes back, while the orchestrator is killed."""

from typing import Any

import pytest

from stack import Stack
from support.faults import persist
from support.stacks import restart
from support.system import System, eventually, somebody, unique
from support.web import web_server


async def at(system: System, instance: str, health: str, generation: int = 1) -> dict[str, Any]:
    """Return a monitor's figures once it finds its address so, in that generation or later."""

    async def look() -> dict[str, Any] | None:
        answer = await system.orchestrator.get(f"/monitors/{instance}")
        details = answer.json()["custom_status"]["details"] if answer.is_success else {}
        found = details.get("health") == health and details["generation"] >= generation
        return details if found else None

    found: dict[str, Any] = await eventually(look, f"{instance} to be {health}")
    return found


@pytest.mark.parametrize("victim", ["orchestrator", "orchestrator-sidecar"])
async def test_each_change_alerts_once_whatever_is_killed(
    stack: Stack, system: System, victim: str
) -> None:
    recipient, monitor_id = somebody(), unique()
    async with web_server() as web:
        instance = await system.start(
            "/monitors",
            monitor_id=monitor_id,
            url=web.url,
            notify=recipient,
            interval_seconds=1,
            retry_seconds=1,
        )
        await at(system, instance, "healthy", 2)
        await web.close()
        down = await at(system, instance, "unhealthy")
        assert "ConnectError" in down["results"][-1]["error"]
        await restart(stack, victim)
        await at(system, instance, "unhealthy", down["generation"] + 2)
        await web.open()
        await at(system, instance, "healthy", down["generation"] + 2)

        # A stop whose answer was lost with the sidecar is accepted when it is repeated.
        await persist(
            lambda: system.send(instance, "stop", reason="Seen", by="bo"),
            "the stop to be accepted",
        )
        state = (await system.finished(instance))["output"]["state"]
    assert state["changes"] == 2
    alerts = [(m["key"], m["subject"]) for m in reversed(await system.inbox(recipient))]
    assert alerts == [
        (f"{instance}:change-1", f"Monitor {monitor_id}: down"),
        (f"{instance}:change-2", f"Monitor {monitor_id}: up again"),
    ]
