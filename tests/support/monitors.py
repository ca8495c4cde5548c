"""Monitors of the orchestrator itself."""

from typing import Any

from support.system import System, eventually, somebody, unique


async def watch(system: System, **request: Any) -> tuple[str, dict[str, Any]]:
    """Start a monitor of the orchestrator; return the instance and the request."""
    # As the test reaches it, or, in a cluster, as it reaches itself.
    port = system.orchestrator.base_url.port
    request = {"monitor_id": unique(), "notify": somebody(), "interval_seconds": 1} | request
    for url in (f"http://127.0.0.1:{port}/healthz", "http://localhost:8000/healthz"):
        body = {"url": url, "retry_seconds": 1, **request}
        answer = await system.orchestrator.post("/monitors", json=body)
        if answer.status_code == 202:
            return answer.json()["instance_id"], body
    raise AssertionError(answer.text)


async def figures(system: System, instance: str) -> dict[str, Any]:
    state = await system.status(instance)
    details: dict[str, Any] = state["custom_status"]["details"]
    return details


async def checked(system: System, instance: str, times: int) -> dict[str, Any]:
    """Return a monitor's figures once it has made so many checks."""

    async def look() -> dict[str, Any] | None:
        details = await figures(system, instance)
        return details if details["generation"] >= times and details["results"] else None

    found: dict[str, Any] = await eventually(look, f"{instance} to check {times} times")
    return found
