"""Metrics count what happened, and name no person."""

import re
import time

import httpx
import pytest

from support.system import SERVICES, System, eventually, somebody, unique

LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="([^"]*)"')


async def read(client: httpx.AsyncClient) -> str:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return answer.text


def total(text: str, name: str, **labels: str) -> float:
    """Return the sum of a metric over all labels besides these."""
    found = 0.0
    for line in text.splitlines():
        match = LINE.match(line)
        if match and match[1] == name:
            have = dict(LABEL.findall(match[2] or ""))
            if labels.items() <= have.items():
                found += float(match[3])
    return found


async def settled(system: System) -> str:
    """Return the metrics once every task has been counted that other tests have left."""
    # By then the gauges, which are as old as half a second, show all that runs now.
    shown_at = time.monotonic() + 1

    async def none_running() -> str | None:
        text = await read(system.orchestrator)
        running = total(text, "taskway_instances", workflow="task", status="RUNNING")
        return text if running == 0 and time.monotonic() > shown_at else None

    found: str = await eventually(none_running, "the tasks to be counted", within=30)
    return found


async def test_a_task_is_counted_once(system: System) -> None:
    before = await settled(system)
    body = {"task_id": unique(), "title": "T", "assignee": somebody()}
    instance = (await system.process(**body)).json()["instance_id"]
    # The same again starts nothing; another request of that name is refused.
    assert (await system.process(**body)).status_code == 200
    assert (await system.process(**body | {"title": "Other"})).status_code == 409
    await system.finished(instance)
    ended = {"workflow": "task", "status": "COMPLETED"}

    async def counted() -> str | None:
        text = await read(system.orchestrator)
        counts = [total(t, "taskway_instances_ended_total", **ended) for t in (before, text)]
        # The gauges are as old as half a second.
        there = total(text, "taskway_instances", **ended) >= 1
        return text if counts[0] < counts[1] and there else None

    after = await eventually(counted, "the end to be counted", within=30)

    def rise(name: str, **labels: str) -> float:
        return total(after, name, **labels) - total(before, name, **labels)

    assert rise("taskway_instances_started_total", workflow="task") == 1
    assert rise("taskway_starts_refused_total", workflow="task") == 1
    assert rise("taskway_instances_ended_total", **ended) == 1
    assert rise("taskway_instances_ended_total", **ended, outcome="completed") == 1
    assert rise("taskway_instance_duration_seconds_count", workflow="task") == 1
    for step in ("validate_task", "assign_task", "send_notification"):
        labels = {"workflow": "task", "step": step, "outcome": "completed"}
        assert rise("taskway_step_duration_seconds_count", **labels) == 1
    for peer in ("assigner", "notifier"):
        assert rise("taskway_peer_calls_total", peer=peer, outcome="completed") == 1
    assert total(after, "taskway_instances", **ended) >= 1
    assert instance not in after
    assert body["assignee"] not in after


async def test_retries_and_compensations_are_counted(system: System) -> None:
    before = await read(system.orchestrator)
    hello = await system.start(
        "/hello", hello_id=unique(), user_name="ada", simulate="retries", rest_seconds=1
    )
    order = await system.start(
        "/orders",
        order_id=unique(),
        customer=somebody(),
        lines=[{"sku": "pencil", "quantity": 1}],
        simulate="shipping",
    )
    undone = ["cancel_shipment", "refund_payment", "release_stock"]
    assert (await system.finished(hello))["status"] == "COMPLETED"
    assert (await system.finished(order))["output"]["undone"] == undone
    after = await read(system.orchestrator)

    def rise(name: str, **labels: str) -> float:
        return total(after, name, **labels) - total(before, name, **labels)

    assert rise("taskway_step_retries_total", workflow="hello", step="try_luck") == 2
    assert rise("taskway_step_retries_total", workflow="order", step="ship_order") == 2
    for step in undone:
        labels = {"workflow": "order", "step": step, "outcome": "completed"}
        assert rise("taskway_compensations_total", **labels) == 1


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_has_metrics_of_its_requests(system: System, service: str) -> None:
    client: httpx.AsyncClient = getattr(system, service)
    assert (await client.get(f"/{unique()}")).status_code == 404
    await client.get("/readyz", headers={"host": "made.up"})
    requests = [line for line in (await read(client)).splitlines() if "http_server_" in line]
    found = {label for line in requests for label, _ in LABEL.findall(line)}
    labels = {label for label in found if not label.startswith("otel_scope")}
    assert labels <= {"http_method", "http_target", "http_status_code", "le"}
    targets = {value for line in requests for _, value in LABEL.findall(line)}
    assert "made.up" not in targets
    assert not any(target.startswith("/t-") for target in targets)
