"""The command `taskway` over the running system: decisions, repairs, schedules, bulk operations."""

import json
from typing import Any

from support.system import System, eventually, somebody, unique
from support.taskway import WHY, Taskway, purchase, purchase_request, rows, status


async def test_a_pending_decision_is_claimed_and_taken(system: System, taskway: Taskway) -> None:
    approver = somebody()
    instance = await purchase(system, taskway, approver=approver)
    mine = ("waiting", "--assigned-to", approver)

    async def waits() -> dict[str, Any] | None:
        return next(iter(await taskway.data(*mine, "--workflow", "purchase")), None)

    item = await eventually(waits, f"{instance} to be listed", within=30)
    assert (item["instance_id"], item["event"]) == (instance, "approval")
    assert await taskway.data(*mine, "--overdue") == []
    assert await taskway.data(*mine, "--event", "review") == []
    [listed] = await taskway.listed("--prefix", instance, "--waiting-for", "approval")
    assert listed["instance_id"] == instance

    assert "is claimed by olga" in await taskway.output("claim", instance, "approval")
    assert rows(await taskway.output(*mine))[instance][1:4] == ["approval", approver, "olga"]
    yes = json.dumps({"approved": True, "approver": "hugo"})
    assert "olga has claimed it" in await taskway.refused(
        "decide", instance, "approval", yes, "--by", "hugo"
    )
    assert (await taskway.data("release", instance, "approval"))["claimed_by"] is None
    assert "approved" in await taskway.refused("decide", instance, "approval", "{}")
    assert "continues" in await taskway.output("decide", instance, "approval", yes, "--by", "hugo")
    assert (await system.finished(instance))["output"]["status"] == "approved"
    assert "has ended" in await taskway.refused("decide", instance, "approval", yes)


async def test_an_event_is_sent(system: System, taskway: Taskway) -> None:
    instance = await purchase(system, taskway)
    no = json.dumps({"approved": False, "approver": "hugo"})
    assert "accepted approval" in await taskway.output("send", instance, "approval", no)
    assert (await system.finished(instance))["output"]["status"] == "rejected"


async def test_an_instance_is_repaired_and_every_operation_audited(
    system: System, taskway: Taskway
) -> None:
    instance = await purchase(system, taskway)
    assert f"{instance} is SUSPENDED" in await taskway.output("pause", instance, *WHY)
    assert "paused: to see what happens" in await taskway.output("show", instance)
    assert f"{instance} is SUSPENDED" in await taskway.output("pause", instance, *WHY)
    assert (await taskway.data("resume", instance, *WHY))[0]["status"] == "RUNNING"
    assert "TERMINATED" in await taskway.output("terminate", instance, "--children", *WHY)
    assert "pause is not possible" in await taskway.refused("pause", instance, *WHY)

    new_id = unique()
    again = f"purchase-{new_id}"
    assert f"rerun as {again}" in await taskway.output("rerun", instance, new_id, *WHY)
    await system.waiting(again, "approval")
    other = purchase_request(item="A pen", amount=100)
    rerun = await taskway.data("rerun", instance, unique(), "--input", other, *WHY)
    assert (await system.finished(rerun["new_instance_id"]))["input"]["item"] == "A pen"

    await taskway.output("terminate", again, *WHY)
    gone = await taskway.output("purge", instance, again, "--children", *WHY)
    assert f"{instance} is purged\n{again} is purged" in gone
    assert "was purged" in await taskway.refused("show", instance)

    mine = [e for e in await taskway.data("audit", "--limit", "100") if e["target"] == instance]
    assert {(e["by"], e["reason"]) for e in mine} == {("olga", "to see what happens")}
    assert [(e["action"], e["result"].rsplit(":", 1)[-1]) for e in reversed(mine)] == [
        ("pause", "done"),
        ("pause", "done"),
        ("resume", "done"),
        ("terminate", "done"),
        ("pause", "wrong-state"),
        ("rerun", "done"),
        ("rerun", "done"),
        ("purge", "done"),
    ]
    assert instance in await taskway.output("audit", "--limit", "100")
    assert len(await taskway.data("audit", "--limit", "3")) == 3


async def test_a_rerun_begins_at_a_step(system: System, taskway: Taskway) -> None:
    name, new_id = unique(), unique()
    await taskway.output("start", "task", "--id", name, "--watch")
    page = await taskway.output("show", f"task-{name}")
    [number] = [line.split()[0] for line in page.splitlines() if " send_notification " in line]
    await taskway.output("rerun", f"task-{name}", new_id, "--from-event", number, *WHY)
    await system.finished(f"task-{new_id}")
    data = await taskway.data("show", f"task-{new_id}")
    assert (data["status"], data["rerun_of"]) == ("COMPLETED", f"task-{name}")


async def test_a_schedule_is_created_changed_paused_and_deleted(
    system: System, taskway: Taskway
) -> None:
    name = unique()
    request = json.dumps({"title": "Water the plants", "assignee": somebody()})
    put = ("schedule", "put", name, "task", request)
    assert "either cron or every_seconds" in await taskway.refused(*put)
    assert f"{name} runs next at" in await taskway.output(*put, "--cron", "30 9 * * MON")
    changed = await taskway.data(*put, "--every", "5")
    assert (changed["every_seconds"], changed["created_by"]) == (5, "olga")

    async def ran() -> dict[str, Any] | None:
        found = {x["id"]: x for x in await taskway.data("schedule", "list")}
        return found[name] if found[name]["last_instance"] else None

    first = await eventually(ran, f"{name} to run", within=60)
    assert (await system.finished(first["last_instance"]))["status"] == "COMPLETED"
    assert "every 5 s" in await taskway.output("schedule", "list")
    assert (await taskway.data("schedule", "pause", name))["next_at"] is None
    assert rows(await taskway.output("schedule", "list"))[name][5] == "paused"
    assert f"{name} runs next at" in await taskway.output("schedule", "resume", name)
    assert await taskway.data("schedule", "delete", name) == {"id": name, "deleted": True}
    assert name not in rows(await taskway.output("schedule", "list"))
    assert "is deleted" in await taskway.output("schedule", "delete", name)
    assert "There is no schedule" in await taskway.refused("schedule", "pause", name)
    trail = await taskway.data("audit", "--limit", "100")
    of_it = [entry for entry in trail if entry["target"] == name]
    assert {entry["by"] for entry in of_it} == {"olga"}


async def test_a_bulk_operation_runs_once_it_is_confirmed(system: System, taskway: Taskway) -> None:
    name = unique()
    instances = [
        await purchase(system, taskway, purchase_id=f"{name}.{number}") for number in range(2)
    ]
    mine = ("--prefix", f"purchase-{name}.", "--workflow", "purchase")
    await taskway.listed(*mine, "--status", "running", count=2)
    pause = ("bulk", "pause", *mine, *WHY)
    assert (await taskway.data(*pause, "--dry-run"))["instance_ids"] == instances
    unsure = await taskway.run(*pause, typed="n\n")
    assert (unsure.code, unsure.out.strip()) == (1, "")
    assert f"  {instances[1]}\nPause 2 instances?" in unsure.err
    assert [await status(taskway, instance) for instance in instances] == ["RUNNING"] * 2

    assert "2 done, 0 refused" in await taskway.output(*pause, typed="y\n")
    assert [await status(taskway, instance) for instance in instances] == ["SUSPENDED"] * 2
    assert "No instance" in await taskway.output(*pause, "--yes")
    ended = await taskway.data("bulk", "terminate", *mine, *WHY, "--yes")
    assert {item["result"] for item in ended["results"]} == {"done"}

    # One of the new ids is taken.
    await purchase(system, taskway, purchase_id=f"{name}.1-again")
    again = await taskway.run("bulk", "rerun", *mine, "--suffix", "again", *WHY, "--yes")
    assert again.code == 1
    assert "1 of 2 instances were refused" in again.err
    table = rows(again.out)
    assert table[instances[0]][1:] == ["done", f"{instances[0]}-again"]
    assert table[instances[1]][1] == "instance-exists"

    await taskway.output("bulk", "terminate", *mine, *WHY, "--yes")
    purged = await taskway.data("bulk", "purge", *mine, *WHY, "--yes")
    assert purged["count"] == 4
    assert await taskway.data("list", *mine) == []
    assert "Select instances" in await taskway.refused("bulk", "purge", *WHY, "--yes")
