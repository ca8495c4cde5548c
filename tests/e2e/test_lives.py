"""An id that was purged takes other work: nothing of its first life counts in the second."""

from typing import Any

import pytest

from support.system import System, somebody, unique

WHY = {"reason": "to start it anew", "by": "olga"}


async def purge(system: System, instance: str) -> None:
    await system.finished(instance)
    answer = await system.orchestrator.delete(f"/instances/{instance}", params=WHY)
    assert answer.status_code == 200, answer.text


async def test_a_second_task_is_assigned_and_notified_on_its_own(system: System) -> None:
    name, first, second = unique(), somebody(), somebody()
    instance = await system.start("/tasks/process", task_id=name, title="A", assignee=first)
    await purge(system, instance)
    again = {"task_id": name, "title": "B", "assignee": second}
    assert (await system.process(**again)).status_code == 202
    assert (await system.finished(instance))["output"]["status"] == "completed"
    assert (await system.process(**again)).status_code == 200
    assert (await system.process(task_id=name, title="A", assignee=first)).status_code == 409
    assert await system.held(first) == [f"{instance}:assign"]
    assert await system.held(second) == [f"{instance}:life2:assign"]
    assert await system.notification_keys(second) == [f"{instance}:life2:notify"]
    # What a life adds to the input is not to be seen.
    for path in ("", "/history"):
        shown = await system.orchestrator.get(f"/instances/{instance}{path}")
        assert "$life" not in shown.text


async def test_a_second_monitor_is_stopped_by_who_stops_it(system: System) -> None:
    request = {"monitor_id": unique(), "notify": somebody(), "url": "http://localhost:1/"}
    for life, who in enumerate(("ann", "bea"), 1):
        instance = await system.start("/monitors", **request, interval_seconds=1, retry_seconds=1)
        wait = await system.waiting(instance, "stop")
        assert wait["id"] == ("stop" if life == 1 else "stop.life2")
        answer = await system.send(instance, "stop", reason=f"by {who}", by=who)
        assert answer.status_code == 200, answer.text
        assert (await system.finished(instance))["output"]["stop"]["by"] == who
        await purge(system, instance)


async def test_a_second_tracked_task_ends_as_somebody_ends_it(system: System) -> None:
    name, member = unique(), somebody()
    ended: list[dict[str, Any]] = []
    for title, event in (("A", "cancel"), ("B", "done")):
        instance = await system.start("/tasks", task_id=name, title=title, assignee=member)
        await system.waiting(instance, event)
        assert (await system.orchestrator.get(f"/tasks/{name}")).json()["title"] == title
        claim = await system.orchestrator.post(
            f"/waiting/{instance}/{event}/claim", json={"by": title.lower()}
        )
        assert claim.status_code == 200, claim.text
        answer = await system.send(instance, event, by=title.lower())
        assert answer.status_code == 200, answer.text
        ended.append((await system.finished(instance))["output"])
        await purge(system, instance)
    assert [output["status"] for output in ended] == ["cancelled", "done"]
    keys = {f"tracked-{name}:notify", f"tracked-{name}:life2:notify"}
    assert set(await system.notification_keys(member)) == keys
    task = (await system.orchestrator.get(f"/tasks/{name}")).json()
    assert task["history"][0]["key"] == f"tracked-{name}:life2:create"


@pytest.mark.parametrize("length", [1, 100])
async def test_a_child_is_read_by_its_id_which_no_caller_can_use(
    system: System, length: int
) -> None:
    user = "u" * length
    instance = await system.start("/hello", hello_id=unique(), user_name=user, rest_seconds=1)
    await system.at_step(instance, "rest")
    [child] = (await system.status(instance))["children"]
    assert child.startswith(f"{instance}:")
    assert (await system.status(child))["parent"] == instance
    refused = await system.orchestrator.post(
        f"/instances/{child}/events/approval", json={"approved": True, "approver": "ann"}
    )
    assert refused.status_code == 409
    assert "takes no events" in refused.json()["detail"]
    taken = await system.orchestrator.post(
        "/hello", json={"hello_id": child.removeprefix("hello-"), "user_name": user}
    )
    assert taken.status_code == 422
