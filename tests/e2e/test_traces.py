"""One trace a task, which tells of all that was done for it, and of nothing else."""

import asyncio
import time
import uuid

from support.jaeger import Jaeger, Trace
from support.system import System, eventually, somebody, unique

SERVICES = {"orchestrator", "assigner", "notifier"}
STEPS = {"validate_task", "assign_task", "send_notification"}


async def task(system: System, title: str = "T", **headers: str) -> str:
    """Start a task, and return its instance."""
    body = {"task_id": unique(), "title": title, "assignee": somebody()}
    answer = await system.orchestrator.post("/tasks/process", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    instance: str = answer.json()["instance_id"]
    return instance


async def trace_id(system: System, instance: str) -> str:
    found: str = (await system.orchestrator.get(f"/instances/{instance}")).json()["trace_id"]
    return found


async def test_a_completed_task_is_one_trace(system: System, jaeger: Jaeger) -> None:
    instance = await task(system)
    ended = await system.finished(instance)
    trace = await jaeger.with_steps(await trace_id(system, instance), STEPS)
    assert ended["status"] == "COMPLETED"
    assert trace.roots() == ["POST /tasks/process"]
    assert trace.services() == SERVICES
    assert trace.step_names() == STEPS
    for step in trace.steps():
        assert step.tags["taskway.instance_id"] == instance
        assert step.tags["taskway.workflow"] == "task"
        assert step.tags["taskway.outcome"] == "completed"
    names = {span.name for span in trace.spans}
    assert {"PUT /assignments/{key}", "PUT /notifications/{key}"} <= names
    stores = {s.service for s in trace.spans if s.name.endswith("/SaveState")}
    assert stores >= {"assigner", "notifier"}


async def test_a_rejected_task_shows_how_far_it_came(system: System, jaeger: Jaeger) -> None:
    instance = await task(system, title=" ")
    assert (await system.finished(instance))["output"]["status"] == "rejected"
    trace = await jaeger.with_steps(await trace_id(system, instance), {"validate_task"})
    assert trace.roots() == ["POST /tasks/process"]
    assert trace.step_names() == {"validate_task"}


async def test_each_attempt_is_there_with_its_error(system: System, jaeger: Jaeger) -> None:
    instance = await system.start("/hello", hello_id=unique(), user_name="ada", simulate="retries")
    assert (await system.finished(instance))["status"] == "COMPLETED"
    trace = await jaeger.with_steps(await trace_id(system, instance), {"greet", "try_luck"})
    attempts = [span for span in trace.steps() if span.tags["taskway.step"] == "try_luck"]
    assert sorted(span.failed for span in attempts) == [False, True, True]
    for span in attempts:
        if span.failed:
            assert "asked to fail" in span.tags["otel.status_description"]
            assert "exception" in {f["value"] for log in span.logs for f in log["fields"]}
    assert trace.roots() == ["POST /hello"]
    # The child workflow, and the timers between the attempts, are part of it.
    names = [span.name for span in trace.spans]
    assert any("hello_child_workflow" in name for name in names)
    assert names.count("timer") >= 3


async def test_what_waits_can_be_looked_at(system: System, jaeger: Jaeger) -> None:
    instance = await system.purchase()
    id_ = await trace_id(system, instance)

    async def told() -> Trace | None:
        trace = await jaeger.trace(id_)
        return trace if trace and "send_notification" in trace.step_names() else None

    trace = await eventually(told, "what was done so far", within=30)
    assert trace.roots() == ["POST /purchase-orders"]
    assert (await system.status(instance))["status"] == "RUNNING"

    await system.send(instance, "approval", approved=True, approver="dana")
    await system.finished(instance)
    whole = await jaeger.with_steps(id_, {"send_notification"})
    assert whole.roots() == ["POST /purchase-orders"]
    assert len(whole.steps()) > len(trace.steps())


async def test_a_callers_trace_goes_on(system: System, jaeger: Jaeger) -> None:
    callers = uuid.uuid4().hex
    instance = await task(system, traceparent=f"00-{callers}-00f067aa0ba902b7-01")
    await system.finished(instance)
    assert await trace_id(system, instance) == callers
    refused = await system.orchestrator.post(
        "/tasks/process",
        json={"title": 1},
        headers={"traceparent": f"00-{callers}-00f067aa0ba902b7-01"},
    )
    assert (refused.status_code, refused.json()["trace_id"]) == (422, callers)


async def test_a_hundred_tasks_are_a_hundred_traces(system: System, jaeger: Jaeger) -> None:
    began = int(time.time() * 1_000_000)
    instances = await asyncio.gather(*(task(system) for _ in range(100)))
    await asyncio.gather(*(system.finished(instance) for instance in instances))
    ids = {await trace_id(system, instance) for instance in instances}
    assert len(ids) == 100
    for id_ in ids:
        await jaeger.with_steps(id_, STEPS)
    assert {trace.id for trace in await jaeger.since(began)} == ids
