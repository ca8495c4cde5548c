"""The command `taskway` over the running system: what it shows, and what it starts."""

import json
import re
import socket
from importlib.metadata import version
from pathlib import Path

from support.system import System, somebody, unique
from support.taskway import Taskway, purchase, rows


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
    assert f"{instance}:child-ada" in await taskway.output("show", instance)
    [child] = await taskway.listed("--parent", instance)
    assert child["instance_id"] == f"{instance}:child-ada"
    [parent] = await taskway.listed("--prefix", instance, "--top-level")
    assert parent["instance_id"] == instance


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
