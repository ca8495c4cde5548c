"""A task goes through, and one trace tells of it."""

from typing import Any

import httpx

from kind.access import JAEGER, ORCHESTRATOR
from support.system import System, eventually, somebody, unique

SERVICES = {"orchestrator", "assigner", "notifier"}


async def test_swagger_ui_is_at_the_address_of_the_readme() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        assert "swagger-ui" in (await client.get(f"{ORCHESTRATOR}/docs")).text


async def test_a_task_goes_through_all_services(system: System) -> None:
    member, task_id = somebody(), unique()
    assert (await system.process(task_id=task_id, title="T", assignee=member)).status_code == 202
    assert (await system.finished(f"task-{task_id}"))["output"]["status"] == "completed"
    assert await system.held(member) == [f"task-{task_id}:assign"]
    assert [m["key"] for m in await system.inbox(member)] == [f"task-{task_id}:notify"]


async def test_one_trace_shows_the_three_services(system: System) -> None:
    task_id = unique()
    await system.process(task_id=task_id, title="T", assignee=somebody())
    await system.finished(f"task-{task_id}")

    async with httpx.AsyncClient(base_url=JAEGER, trust_env=False) as jaeger:

        async def look() -> set[str] | None:
            answer = await jaeger.get(
                "/api/traces", params={"service": "orchestrator", "limit": "1000"}
            )
            traces = [services(t) for t in answer.json()["data"] if about(t, task_id)]
            return next((found for found in traces if found == SERVICES), None)

        # The sidecars send their spans every few seconds.
        await eventually(look, "one trace with the spans of all three")


def about(trace: dict[str, Any], task_id: str) -> bool:
    return any(f"task-{task_id}" in span["operationName"] for span in trace["spans"])


def services(trace: dict[str, Any]) -> set[str]:
    return {process["serviceName"] for process in trace["processes"].values()}
