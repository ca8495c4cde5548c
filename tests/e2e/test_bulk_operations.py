"""Bulk operations on instances."""

from typing import Any

import httpx

from support.system import System, eventually, somebody, unique

WHY = {"reason": "the whole lot", "by": "olga"}


async def bulk(
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
    """Run a bulk operation on all instances that its dry run finds."""
    status, dry = await bulk(system, operation, prefix, **more)
    assert (status, dry["dry_run"], dry["results"]) == (200, True, [])
    status, done = await bulk(system, operation, prefix, confirm=dry["count"], **more)
    assert (status, done["dry_run"]) == (200, False)
    assert [item["instance_id"] for item in done["results"]] == dry["instance_ids"]
    return done


async def listed(system: System, prefix: str, status: str, count: int) -> None:
    """Return once so many instances are listed with a status: the list follows the engine."""
    wanted: dict[str, Any] = {"id_prefix": prefix, "status": status, "top_level": True}

    async def look() -> bool | None:
        found = (await system.orchestrator.get("/instances", params=wanted)).json()["items"]
        return True if len(found) == count else None

    await eventually(look, f"{count} to be listed as {status}", within=30)


async def statuses(system: System, instances: list[str]) -> set[str]:
    return {(await system.status(instance))["status"] for instance in instances}


async def test_instances_are_paused_resumed_terminated_and_purged_in_bulk(system: System) -> None:
    name = unique()
    instances = [
        await system.start("/hello", hello_id=f"{name}.{n}", user_name="ada") for n in range(3)
    ]
    for instance in instances:
        await system.at_step(instance, "rest")
    prefix = f"hello-{name}."
    await listed(system, prefix, "RUNNING", 3)
    status_code, refused = await bulk(system, "pause", prefix, confirm=99)
    assert (status_code, refused["type"]) == (409, "urn:taskway:problem:wrong-state")
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
    _, left = await bulk(system, "purge", prefix)
    assert left["count"] == 0

    page = (await system.orchestrator.get("/audit", params={"limit": 100})).json()["items"]
    of_it = [e for e in page if e["action"].startswith("batch.") and prefix in str(e["details"])]
    assert [e["action"] for e in reversed(of_it)] == [
        "batch.pause",
        "batch.resume",
        "batch.terminate",
        "batch.purge",
    ]


async def test_instances_are_rerun_in_bulk(system: System) -> None:
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


async def test_what_ended_with_an_outcome_is_found_counted_and_rerun_in_bulk(
    system: System,
) -> None:
    name, assignee = unique(), somebody()
    prefix = f"task-{name}."
    # Without a title, a task is rejected.
    for part, title in (("1", ""), ("2", ""), ("3", "T")):
        await system.finished(
            await system.start(
                "/tasks/process", task_id=f"{name}.{part}", title=title, assignee=assignee
            )
        )
    await listed(system, prefix, "COMPLETED", 3)
    selected = {"id_prefix": prefix, "status": ["COMPLETED"], "outcome": ["rejected"]}
    page = (await system.orchestrator.get("/instances", params=selected)).json()["items"]
    assert {(item["instance_id"], item["outcome"]) for item in page} == {
        (f"{prefix}1", "rejected"),
        (f"{prefix}2", "rejected"),
    }
    detail = (await system.orchestrator.get(f"/instances/{prefix}1")).json()
    assert detail["outcome"] == detail["output"]["status"] == "rejected"
    mine = {"id_prefix": prefix}
    counts = (await system.orchestrator.get("/instances/summary", params=mine)).json()
    assert counts["by_outcome"] == {"completed": 1, "rejected": 2}
    assert counts["outcomes_by_workflow"] == {"task": counts["by_outcome"]}

    done = await confirmed(system, "rerun", prefix, filter=selected, suffix="again")
    new = [item["new_instance_id"] for item in done["results"]]
    assert sorted(new) == [f"{prefix}1-again", f"{prefix}2-again"]
    for instance in new:
        assert (await system.finished(instance))["outcome"] == "rejected"


async def test_a_bulk_rerun_needs_a_suffix(system: System) -> None:
    status, refused = await bulk(system, "rerun", "task-")
    assert (status, refused["type"]) == (422, "urn:taskway:problem:validation")
    status, _ = await bulk(system, "pause", "task-", suffix="again")
    assert status == 422
