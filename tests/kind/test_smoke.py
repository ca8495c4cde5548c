"""A task is processed, from outside the cluster."""

import httpx

from kind.access import ORCHESTRATOR
from support.system import System, somebody, unique


async def test_swagger_ui_is_at_the_address_of_the_readme() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        assert "swagger-ui" in (await client.get(f"{ORCHESTRATOR}/docs")).text


async def test_a_task_is_processed_by_all_services(system: System) -> None:
    member, task_id = somebody(), unique()
    assert (await system.process(task_id=task_id, title="T", assignee=member)).status_code == 202
    assert (await system.finished(f"task-{task_id}"))["output"]["status"] == "completed"
    assert await system.held(member) == [f"task-{task_id}:assign"]
    assert [m["key"] for m in await system.inbox(member)] == [f"task-{task_id}:notify"]
