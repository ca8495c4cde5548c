"""One trace for each instance, with every span of it and no other."""

import asyncio
import time
import uuid
from datetime import UTC, datetime

from support.jaeger import Jaeger, Trace
from support.monitors import checked, watch
from support.schedules import plants, put, ran
from support.system import SERVICES, System, eventually, somebody, unique

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
    trace = await jaeger.with_steps(await trace_id(system, instance), STEPS, SERVICES)
    status = await system.orchestrator.get(f"/tasks/{instance}/status")
    assert ended["status"] == "COMPLETED"
    assert status.json()["trace_id"] == trace.id
    assert trace.roots() == ["POST /tasks/process"]
    assert trace.services() == set(SERVICES)
    assert trace.step_names() == STEPS
    for step in trace.steps():
        assert step.tags["taskway.instance_id"] == instance
        assert step.tags["taskway.workflow"] == "task"
        assert step.tags["taskway.outcome"] == "completed"
    names = {span.name for span in trace.spans}
    assert {"PUT /assignments/{key}", "PUT /notifications/{key}"} <= names
    stores = {s.service for s in trace.spans if s.name.endswith("/SaveState")}
    assert stores >= {"assigner", "notifier"}


async def test_a_rejected_task_has_only_its_validation(system: System, jaeger: Jaeger) -> None:
    instance = await task(system, title=" ")
    assert (await system.finished(instance))["output"]["status"] == "rejected"
    trace = await jaeger.with_steps(await trace_id(system, instance), {"validate_task"})
    assert trace.roots() == ["POST /tasks/process"]
    assert trace.step_names() == {"validate_task"}


async def test_each_attempt_is_a_span_with_its_error(system: System, jaeger: Jaeger) -> None:
    instance = await system.start(
        "/hello", hello_id=unique(), user_name="ada", simulate="retries", rest_seconds=3
    )
    assert (await system.finished(instance))["status"] == "COMPLETED"
    trace = await jaeger.with_steps(await trace_id(system, instance), {"greet", "try_luck"})
    attempts = [span for span in trace.steps() if span.tags["taskway.step"] == "try_luck"]
    attempts.sort(key=lambda span: span.began)
    assert [span.failed for span in attempts] == [True, True, False]
    assert [span.tags["taskway.attempt"] for span in attempts] == [1, 2, 3]
    for span in attempts:
        if span.failed:
            assert "injected failure" in span.tags["otel.status_description"]
            assert "exception" in {f["value"] for log in span.logs for f in log["fields"]}
    assert trace.roots() == ["POST /hello"]
    # The child workflow, and the timers between the attempts, are part of it.
    names = [span.name for span in trace.spans]
    assert any("hello_child_workflow" in name for name in names)
    assert names.count("timer") >= 3


async def test_a_waiting_instance_has_a_trace_and_its_decision_a_link(
    system: System, jaeger: Jaeger
) -> None:
    instance = await system.purchase()
    id_ = await trace_id(system, instance)

    async def notified() -> Trace | None:
        trace = await jaeger.trace(id_)
        return trace if trace and "send_notification" in trace.step_names() else None

    trace = await eventually(notified, "the notification", within=30)
    assert trace.roots() == ["POST /purchase-orders"]
    assert (await system.status(instance))["status"] == "RUNNING"

    wait = await system.waiting(instance, "approval")
    callers = uuid.uuid4().hex
    sent = await system.orchestrator.post(
        f"/instances/{instance}/events/approval",
        json={"approved": True, "approver": "dana"},
        headers={"traceparent": f"00-{callers}-00f067aa0ba902b7-01"},
    )
    assert sent.status_code == 200, sent.text
    await system.finished(instance)
    whole = await jaeger.with_span(id_, "wait for approval")
    assert whole.roots() == ["POST /purchase-orders"]
    [waited] = whole.named("wait for approval")
    assert datetime.fromtimestamp(waited.began / 1e6, UTC) == datetime.fromisoformat(wait["since"])
    assert waited.tags["taskway.instance_id"] == instance
    # Who decided is in a trace of its own, and each leads to the other.
    assert waited.links == [callers]
    name = "POST /instances/{instance_id}/events/{event}"
    [request] = (await jaeger.with_span(callers, name)).named(name)
    assert request.links == [id_]


async def test_a_monitor_has_a_trace_for_each_check(system: System, jaeger: Jaeger) -> None:
    began = int(time.time() * 1_000_000)
    instance, _ = await watch(system)
    await checked(system, instance, 4)
    await system.send(instance, "stop", reason="Enough", by="bo")
    await system.finished(instance)
    start = await trace_id(system, instance)

    async def checks() -> list[Trace] | None:
        traces = await jaeger.about(instance, began)
        found = [trace for trace in traces if trace.roots() == ["check_address"]]
        return found if len(found) >= 3 else None

    for check in await eventually(checks, "the checks", within=30):
        [root] = check.named("check_address")
        assert root.links == [start]
        assert check.orphans() == []
    # The first trace has the request, and does not grow.
    assert (await jaeger.whole(start)).step_names() == set()

    async def stops() -> list[Trace] | None:
        traces = await jaeger.about(instance, began)
        return [t for t in traces if any("events" in root for root in t.roots())] or None

    [stop] = await eventually(stops, "the request that stops it", within=30)
    assert [span.links for span in stop.spans if span.links] == [[start]]


async def test_a_scheduled_start_has_a_trace(system: System, jaeger: Jaeger) -> None:
    name = unique()
    await put(system, name, plants(every_seconds=5))
    instance = (await ran(system, name, None))["last_instance"]
    await system.orchestrator.delete(f"/schedules/{name}")
    await system.finished(instance)
    trace = await jaeger.with_steps(await trace_id(system, instance), STEPS, SERVICES)
    assert trace.roots() == ["scheduled start"]
    assert trace.services() == set(SERVICES)


async def test_the_callers_trace_is_continued(system: System, jaeger: Jaeger) -> None:
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


async def test_concurrent_tasks_have_a_trace_each(system: System, jaeger: Jaeger) -> None:
    began = int(time.time() * 1_000_000)
    instances = await asyncio.gather(*(task(system) for _ in range(100)))
    await asyncio.gather(*(system.finished(instance) for instance in instances))
    ids = {await trace_id(system, instance) for instance in instances}
    assert len(ids) == 100
    for id_ in ids:
        await jaeger.with_steps(id_, STEPS)
    found = await jaeger.since(began)
    # What other tests have left running, such as a monitor, has traces of its own.
    others = {trace.id for trace in found if trace.instances() - set(instances)}
    assert {trace.id for trace in found} - others == ids
