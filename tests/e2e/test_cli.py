"""The `taskway` command, as it is installed, on the running system."""

import asyncio
import json
import os
import re
import socket
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from stack import Stack
from support.system import System, eventually, somebody, unique

COMMAND = Path(sys.executable).with_name("taskway")
WHY = ("--reason", "to see what happens")


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit status."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Taskway:
    """The command with the URL of the orchestrator."""

    url: str

    async def run(self, *args: str, typed: str = "") -> Ran:
        """Run it, with `typed` as its input."""
        inherited = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        process = await asyncio.create_subprocess_exec(
            COMMAND,
            *args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=inherited | {"TASKWAY_URL": self.url, "TASKWAY_USER": "olga"},
        )
        out, err = await process.communicate(typed.encode())
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    async def output(self, *args: str, typed: str = "") -> str:
        """Return its output for people."""
        ran = await self.run(*args, typed=typed)
        assert ran.code == 0, ran
        return ran.out

    async def data(self, *args: str) -> Any:
        """Return its output for programs."""
        return json.loads(await self.output("--json", *args))

    async def refused(self, *args: str) -> str:
        """Return its error message; nothing else is printed."""
        ran = await self.run(*args)
        assert (ran.code, ran.out) == (1, ""), ran
        assert "Traceback" not in ran.err
        return ran.err

    async def listed(self, *wanted: str, count: int = 1) -> list[dict[str, Any]]:
        """Return what `taskway list` finds, once it is as many: the list lags a little."""

        async def look() -> list[dict[str, Any]] | None:
            found: list[dict[str, Any]] = await self.data("list", *wanted)
            return found if len(found) == count else None

        found: list[dict[str, Any]] = await eventually(look, f"{count} of {wanted}", within=30)
        return found


@pytest.fixture
def taskway(stack: Stack) -> Taskway:
    return Taskway(stack.url("orchestrator"))


def rows(table: str) -> dict[str, list[str]]:
    """Return the words of a table's lines by their first."""
    return {line.split()[0]: line.split() for line in table.splitlines()}


def purchase_request(**more: Any) -> str:
    """Return the request of a purchase that waits a day for its approval."""
    people = {"requester": somebody(), "approver": somebody()}
    return json.dumps({**people, "item": "A laptop", "amount": 129_900, **more})


async def purchase(system: System, taskway: Taskway, **more: Any) -> str:
    """Start a purchase, and return its id once it waits for its approval."""
    started = await taskway.data(
        "start", "purchase", purchase_request(**{"purchase_id": unique(), **more})
    )
    instance: str = started["instance_id"]
    await system.waiting(instance, "approval")
    return instance


async def status(taskway: Taskway, instance: str) -> str:
    found: str = (await taskway.data("show", instance))["status"]
    return found


async def test_the_doctor_finds_a_healthy_system(taskway: Taskway) -> None:
    table = await taskway.output("doctor")
    report = await taskway.data("doctor")
    assert all(check["ok"] for check in report["checks"])
    assert table.count("✓") == len(report["checks"])


async def test_versions_are_shown(taskway: Taskway) -> None:
    found = await taskway.data("version")
    assert re.match(r"\d+\.\d+\.", found["dapr_runtime"])
    shown = (await taskway.output("version")).splitlines()
    assert shown == [
        f"taskway {version('taskway-cli')}",
        f"orchestrator {version('taskway-orchestrator')}",
        f"Dapr runtime {found['dapr_runtime']}",
        f"Dapr Python SDK {version('dapr')}",
    ]


async def test_a_sample_is_started_and_watched_to_its_end(taskway: Taskway) -> None:
    names = {workflow["name"] for workflow in await taskway.data("workflows")}
    assert {"task", "hello", "order", "purchase"} <= names
    assert names <= set(rows(await taskway.output("workflows")))

    name = unique()
    instance = f"task-{name}"
    assert f"Started {instance}" in await taskway.output("start", "task", "--id", name)
    # The same again starts nothing.
    assert (await taskway.data("start", "task", "--id", name))["instance_id"] == instance
    assert (await taskway.output("watch", instance)).splitlines()[-1].startswith("COMPLETED")
    *_, last = (await taskway.output("--json", "watch", instance)).splitlines()
    assert json.loads(last)["output"]["status"] == "completed"


async def test_a_started_instance_can_be_watched(taskway: Taskway, tmp_path: Path) -> None:
    request = {"hello_id": unique(), "user_name": "ada", "simulate": "retries", "rest_seconds": 3}
    (tmp_path / "hello.json").write_text(json.dumps(request))
    output = await taskway.output("start", "hello", f"@{tmp_path / 'hello.json'}", "--watch")
    assert "Resting for 3 s" in output
    assert output.splitlines()[-1].startswith("COMPLETED")


async def test_a_sample_is_chosen_and_changed(system: System, taskway: Taskway) -> None:
    output = await taskway.output(
        "start", "task", "--sample", "rejected", "--id", unique(), "--watch"
    )
    assert output.splitlines()[-1].startswith("COMPLETED")
    name, title = unique(), "A [new] title"
    started = await taskway.data("start", "task", "--id", name, "--set", f"title={title}")
    assert (await system.finished(started["instance_id"]))["input"]["title"] == title
    assert "there are: completed, " in await taskway.refused("start", "task", "--sample", "nope")


async def test_instances_are_listed_and_counted(system: System, taskway: Taskway) -> None:
    name = unique()
    for number in range(2):
        await taskway.output("start", "task", "--id", f"{name}.{number}")
        await system.finished(f"task-{name}.{number}")
    mine = ("--prefix", f"task-{name}.")
    found = await taskway.listed(*mine, "--status", "completed", count=2)
    assert [item["instance_id"] for item in found] == [f"task-{name}.1", f"task-{name}.0"]
    table = rows(await taskway.output("list", *mine, "--workflow", "task", "--top-level"))
    assert table[f"task-{name}.0"][1:3] == ["task", "COMPLETED"]
    assert list(rows(await taskway.output("list", *mine, "--limit", "1"))) == [
        "INSTANCE",
        f"task-{name}.1",
    ]
    for none in (("--workflow", "order"), ("--status", "FAILED"), ("--overdue",)):
        assert await taskway.data("list", *mine, *none) == []
    assert len(await taskway.data("list", "--search", f"{name}.1 quarterly")) == 1
    later = ("--created-from", found[0]["created_at"])
    assert len(await taskway.data("list", *mine, *later)) == 1

    assert (await taskway.data("summary", *mine))["by_workflow"] == {"task": {"COMPLETED": 2}}
    assert "2 in all, 0 overdue" in await taskway.output("summary", *mine)
    assert (await taskway.data("summary"))["total"] >= 2


async def test_an_instance_is_shown_with_its_steps(system: System, taskway: Taskway) -> None:
    approver = somebody()
    instance = await purchase(system, taskway, approver=approver)
    page = await taskway.output("show", instance)
    assert page.startswith(f"{instance} RUNNING")
    assert f"{approver} is to decide" in page
    assert "waiting for event approval until" in page
    assert '"item": "A laptop"' in page
    data = await taskway.data("show", instance)
    assert [reason["kind"] for reason in data["why"]] == ["event"]
    assert data["history"][0]["name"] == "validate_purchase"


async def test_children_are_listed_by_parent(system: System, taskway: Taskway) -> None:
    instance = f"hello-{unique()}"
    await taskway.output("start", "hello", "--id", instance.removeprefix("hello-"))
    await system.at_step(instance, "rest")
    assert f"{instance}-child-ada" in await taskway.output("show", instance)
    [child] = await taskway.listed("--parent", instance)
    assert child["instance_id"] == f"{instance}-child-ada"
    [parent] = await taskway.listed("--prefix", instance, "--top-level")
    assert parent["instance_id"] == instance


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
    assert "pause is not possible" in await taskway.refused("pause", instance, *WHY)
    assert (await taskway.data("resume", instance, *WHY))[0]["status"] == "RUNNING"
    assert "TERMINATED" in await taskway.output("terminate", instance, "--children", *WHY)

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
        ("pause", "wrong-state"),
        ("resume", "done"),
        ("terminate", "done"),
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
    assert "There is no schedule" in await taskway.refused("schedule", "delete", name)
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


async def test_errors_are_reported(taskway: Taskway) -> None:
    for command in ("show", "watch"):
        assert "There is no instance task-none" in await taskway.refused(command, "task-none")
    assert "There is no workflow 'nope'" in await taskway.refused("start", "nope")
    assert "Input should be" in await taskway.refused("list", "--status", "nope")
    assert "body.user_name: Field required" in await taskway.refused("start", "hello", "{}")


async def test_an_orchestrator_that_does_not_answer_is_named() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        error = await Taskway(url).refused("list")
    assert f"No answer from {url}" in error
    assert "TASKWAY_URL" in error
