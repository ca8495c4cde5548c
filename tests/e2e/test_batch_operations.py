"""Operators do the same to many instances."""

from typing import Any

import httpx

from support.system import System, eventually, somebody, unique

WHY = {"reason": "the whole lot", "by": "olga"}


async def batch(
    system: System, operation: str, prefix: str, **more: Any
) -> tuple[int, dict[str, Any]]:
    answer: httpx.Response = await system.orchestrator.post(
        "/instances:batch",
        json={
            **WHY,
            "operation": operation,
            "filter": {"id_prefix": prefix, "top_level": True},
            **more,
        },
    )
    return answer.status_code, answer.json()


async def confirmed(system: System, operation: str, prefix: str, **more: Any) -> dict[str, Any]:
    """Do it to all that a dry run finds."""
    status, dry = await batch(system, operation, prefix, **more)
    assert (status, dry["dry_run"], dry["results"]) == (200, True, [])
    status, done = await batch(system, operation, prefix, confirm=dry["count"], **more)
    assert (status, done["dry_run"]) == (200, False)
    assert [item["instance_id"] for item in done["results"]] == dry["instance_ids"]
    return done


async def listed(system: System, prefix: str, status: str, count: int) -> None:
    """Return once so many are listed with a status: what is started is listed a moment later."""
    wanted: dict[str, Any] = {"id_prefix": prefix, "status": status, "top_level": True}

    async def look() -> bool | None:
        found = (await system.orchestrator.get("/instances", params=wanted)).json()["items"]
        return True if len(found) == count else None

    await eventually(look, f"{count} to be listed as {status}", within=10)


async def statuses(system: System, instances: list[str]) -> set[str]:
    return {(await system.status(instance))["status"] for instance in instances}


async def test_many_are_paused_resumed_terminated_and_purged(system: System) -> None:
    name = unique()
    instances = [
        await system.start("/hello", hello_id=f"{name}.{n}", user_name="ada") for n in range(3)
    ]
    for instance in instances:
        await system.at_step(instance, "rest")
    prefix = f"hello-{name}."
    await listed(system, prefix, "RUNNING", 3)
    wrong, told = await batch(system, "pause", prefix, confirm=99)
    assert (wrong, told["type"]) == (409, "urn:taskway:problem:wrong-state")
    assert await statuses(system, instances) == {"RUNNING"}

    for operation, after in (
        ("pause", "SUSPENDED"),
        ("resume", "RUNNING"),
        ("terminate", "TERMINATED"),
    ):
        done = await confirmed(system, operation, prefix)
        assert {item["result"] for item in done["results"]} == {"done"}
        assert sorted(done["instance_ids"]) == instances
        assert await statuses(system, instances) == {after}

    done = await confirmed(system, "purge", prefix, children=True)
    assert instances == sorted(item["instance_id"] for item in done["results"])
    for instance in instances:
        assert (await system.orchestrator.get(f"/instances/{instance}")).status_code == 410
    _, left = await batch(system, "purge", prefix)
    assert left["count"] == 0

    page = (await system.orchestrator.get("/audit", params={"limit": 100})).json()["items"]
    of_it = [e for e in page if e["action"].startswith("batch.") and prefix in str(e["details"])]
    assert [e["action"] for e in reversed(of_it)] == [
        "batch.pause",
        "batch.resume",
        "batch.terminate",
        "batch.purge",
    ]


async def test_many_are_run_again(system: System) -> None:
    name, assignee = unique(), somebody()
    for n in range(2):
        await system.finished(
            await system.start(
                "/tasks/process", task_id=f"{name}.{n}", title="T", assignee=assignee
            )
        )
    await listed(system, f"task-{name}.", "COMPLETED", 2)
    done = await confirmed(system, "rerun", f"task-{name}.", suffix="again")
    new = [item["new_instance_id"] for item in done["results"]]
    assert sorted(new) == [f"task-{name}.{n}-again" for n in range(2)]
    for instance in new:
        ended = await system.finished(instance)
        assert ended["status"] == "COMPLETED"
        assert ended["rerun_of"] == instance.removesuffix("-again")
    assert len(await system.held(assignee)) == 4


async def test_a_rerun_without_a_suffix_is_refused(system: System) -> None:
    status, told = await batch(system, "rerun", "task-")
    assert (status, told["type"]) == (422, "urn:taskway:problem:validation")
    status, _ = await batch(system, "pause", "task-", suffix="again")
    assert status == 422
