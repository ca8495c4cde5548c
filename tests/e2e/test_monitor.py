"""Monitors, over the API; they watch the orchestrator itself."""

import asyncio

from support.monitors import checked, watch
from support.system import System, eventually, somebody, unique

STOP = {"reason": "Enough", "by": "bo"}


async def alerts(system: System, recipient: str, count: int) -> list[str]:
    """Return the subjects of somebody's alerts, the oldest first, once there are so many."""

    async def look() -> list[str] | None:
        subjects = await system.subjects(recipient)
        return subjects if len(subjects) >= count else None

    found: list[str] = await eventually(look, f"{recipient} to get {count} alerts")
    return found


async def test_a_healthy_address_is_watched_until_the_monitor_is_stopped(system: System) -> None:
    instance, request = await watch(system)
    details = await checked(system, instance, 3)
    assert details["health"] == "healthy"
    assert [check["status"] for check in details["results"][:2]] == [200, 200]

    answer = await system.orchestrator.post(f"/monitors/{instance}/stop", json=STOP)
    assert answer.status_code == 200
    state = await system.finished(instance)
    assert state["status"] == "COMPLETED"
    assert state["output"]["message"] == "Stopped by bo: Enough"
    assert state["output"]["state"]["generation"] >= 3
    assert await system.inbox(request["notify"]) == []


async def test_an_outage_and_its_end_alert_once_each(system: System) -> None:
    instance, request = await watch(system, simulate="outage")
    assert (await checked(system, instance, 7))["changes"] == 2
    name = request["monitor_id"]
    subjects = await alerts(system, request["notify"], 2)
    assert subjects == [f"Monitor {name}: down", f"Monitor {name}: up again"]
    await system.send(instance, "stop", **STOP)
    state = (await system.finished(instance))["output"]["state"]
    assert [check["ok"] for check in state["results"]][:5] == [True, True, False, False, True]


async def test_a_stopped_monitor_can_be_rerun(system: System) -> None:
    instance, request = await watch(system)
    await checked(system, instance, 3)
    await system.send(instance, "stop", **STOP)
    assert (await system.finished(instance))["input"]["url"] == request["url"]
    order = {"by": "bo", "reason": "It is needed after all", "new_id": unique()}
    answer = await system.orchestrator.post(f"/instances/{instance}/rerun", json=order)
    assert answer.status_code == 200, answer.text
    again: str = answer.json()["new_instance_id"]
    assert (await checked(system, again, 2))["results"]
    await system.send(again, "stop", **STOP)
    await system.finished(again)


async def test_the_same_start_after_continue_as_new_starts_nothing(system: System) -> None:
    instance, request = await watch(system)
    await checked(system, instance, 2)
    assert (await system.orchestrator.post("/monitors", json=request)).status_code == 200
    other = await system.orchestrator.post("/monitors", json={**request, "interval_seconds": 9})
    assert other.status_code == 409
    await system.send(instance, "stop", **STOP)
    await system.finished(instance)
    assert (await system.orchestrator.post("/monitors", json=request)).status_code == 200
    assert (await system.status(instance))["status"] == "COMPLETED"


async def test_a_stop_is_accepted_at_any_time(system: System) -> None:
    """Ten monitors are stopped at as many instants of their second, over two generations."""

    async def stopped(after: float) -> None:
        instance, _ = await watch(system)
        await checked(system, instance, 1)
        await asyncio.sleep(after)
        assert (await system.send(instance, "stop", **STOP)).status_code == 200
        assert (await system.finished(instance))["output"]["status"] == "stopped"

    await asyncio.gather(*(stopped(0.2 * i) for i in range(10)))


async def test_a_stopped_monitor_takes_no_second_stop(system: System) -> None:
    instance, _ = await watch(system)
    await system.send(instance, "stop", **STOP)
    await system.finished(instance)
    again = await system.orchestrator.post(f"/monitors/{instance}/stop", json=STOP)
    assert again.status_code == 200
    other = STOP | {"reason": "For another reason"}
    late = await system.orchestrator.post(f"/monitors/{instance}/stop", json=other)
    assert late.status_code == 409
    assert (await system.send(instance, "stop", **other)).status_code == 410
    unknown = await system.orchestrator.post(f"/monitors/monitor-{unique()}/stop", json=STOP)
    assert unknown.status_code == 404


async def test_an_address_that_does_not_answer_is_unhealthy(system: System) -> None:
    recipient = somebody()
    # Refused, or not allowed in a cluster: nobody listens on port 1.
    url = "http://localhost:1/"
    instance, _ = await watch(system, url=url, notify=recipient)
    details = await checked(system, instance, 2)
    assert (details["health"], details["changes"]) == ("unhealthy", 1)
    assert details["results"][0]["error"]
    await system.send(instance, "stop", **STOP)
    await system.finished(instance)
    assert len(await system.inbox(recipient)) == 1


async def test_a_stop_without_a_reason_is_refused(system: System) -> None:
    instance, _ = await watch(system)
    assert (await system.send(instance, "stop", by="bo")).status_code == 422
    assert (await system.send(instance, "stop", **STOP)).status_code == 200
    await system.finished(instance)
