"""A task goes through, and one trace tells of it."""

import httpx

from kind.access import JAEGER, ORCHESTRATOR
from support.jaeger import Jaeger
from support.system import System, somebody, unique

SERVICES = {"orchestrator", "assigner", "notifier"}
STEPS = {"validate_task", "assign_task", "send_notification"}


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
    answer = await system.process(task_id=unique(), title="T", assignee=somebody())
    instance = answer.json()["instance_id"]
    trace_id = (await system.finished(instance))["trace_id"]
    async with httpx.AsyncClient(trust_env=False) as http:
        trace = await Jaeger(http, JAEGER).with_steps(trace_id, STEPS)
    assert trace.services() == SERVICES
    assert trace.roots() == ["POST /tasks/process"]
