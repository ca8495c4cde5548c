"""The reasons why an instance waits, while something is unavailable."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from stack import Stack
from support.engine import management, workflow_client
from support.faults import assert_completed, assert_each_effect_once
from support.other_worker import other_worker
from support.stacks import running, start_again, terminate_uncut
from support.system import System, eventually, somebody, unique

Reason = dict[str, Any]


async def reasons(
    system: System, instance: str, enough: Callable[[dict[str, Reason]], bool]
) -> dict[str, Reason]:
    """Return by kind why an instance waits, once that is enough."""

    async def look() -> dict[str, Reason] | None:
        found = {r["kind"]: r for r in (await system.status(instance))["why"]}
        return found if enough(found) else None

    return await eventually(look, f"the reasons of {instance}")


@pytest.fixture(scope="module")
async def stack_and_system(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Stack, System]]:
    """A stack with a short time limit for calls of peers, and short pauses in an outage."""
    run_dir = tmp_path_factory.mktemp("why")
    env = {"PEER_TIMEOUT_SECONDS": "1", "OUTAGE_LONGEST_PAUSE_SECONDS": "1"}
    async with running(run_dir, env={"orchestrator": env}) as both:
        yield both


@pytest.mark.parametrize("victim", ["notifier", "notifier-sidecar", "assigner"])
async def test_a_peer_that_is_down_is_named_and_waited_for(
    stack_and_system: tuple[Stack, System], victim: str
) -> None:
    """However long it is down: more attempts are made than the three of a step."""
    stack, system = stack_and_system
    peer = victim.removesuffix("-sidecar")
    member, ids = somebody(), [unique() for _ in range(3)]
    await stack.kill(victim)
    for task_id in ids:
        await system.process(task_id=task_id, title="T", assignee=member)
    instance = f"task-{ids[0]}"
    first = (await reasons(system, instance, lambda found: "outage" in found))["outage"]
    assert first["attempt"] == 1
    assert first["text"].startswith(f"waiting for the {peer}: unreachable since 20")

    found = await reasons(system, instance, lambda found: waits_after(found, attempts=3))
    waiting = found["outage"]
    assert waiting["text"].startswith(f"waiting for the {peer}: unreachable since 20")
    assert ", next attempt at 20" in waiting["text"]
    assert peer in waiting["last_error"]
    child = (await system.orchestrator.get(f"/instances/{waiting['instance_id']}")).json()
    assert (child["status"], child["workflow"]) == ("RUNNING", "outage_workflow")
    checks = (await system.orchestrator.get("/system")).json()["checks"]
    assert [check["name"] for check in checks if not check["ok"]] == [peer]

    await start_again(stack, victim)
    await assert_completed(system, ids)
    await assert_each_effect_once(system, ids, member)


async def test_a_wait_for_a_peer_can_be_given_up(stack_and_system: tuple[Stack, System]) -> None:
    stack, system = stack_and_system
    task_id, member = unique(), somebody()
    await stack.kill("notifier")
    await system.process(task_id=task_id, title="T", assignee=member)
    instance = f"task-{task_id}"
    found = await reasons(system, instance, lambda found: waits_after(found, attempts=3))
    answer = await system.orchestrator.post(
        f"/instances/{found['outage']['instance_id']}/terminate",
        json={"by": "olga", "reason": "it stays down"},
    )
    assert answer.status_code == 200, answer.text
    # The release needs nobody who is down.
    ended = await system.finished(instance)
    assert ended["output"]["status"] == "failed"
    assert await system.held(member) == []
    step = next(s for s in await system.steps(instance) if s["name"] == "send_notification")
    assert step["status"] == "failed"
    assert [attempt["number"] for attempt in step["attempts"]] == [1, 2, 3]
    await start_again(stack, "notifier")


async def test_what_is_paused_or_terminated_tries_its_peer_no_more(
    stack_and_system: tuple[Stack, System],
) -> None:
    stack, system = stack_and_system
    member = somebody()
    paused, ended, waiting = ids = [unique() for _ in range(3)]
    await stack.kill("notifier")
    children = {}
    for task_id in ids:
        await system.process(task_id=task_id, title="T", assignee=member)
    for task_id in ids:
        found = await reasons(system, f"task-{task_id}", lambda found: waits_after(found, 3))
        children[task_id] = found["outage"]["instance_id"]

    async def operate(task_id: str, operation: str) -> None:
        answer = await system.orchestrator.post(
            f"/instances/task-{task_id}/{operation}", json={"by": "olga", "reason": "not now"}
        )
        assert answer.status_code == 200, answer.text

    await operate(paused, "pause")
    await operate(ended, "terminate")
    assert (await system.status(children[paused]))["status"] == "SUSPENDED"
    assert (await system.status(children[ended]))["status"] == "TERMINATED"

    await start_again(stack, "notifier")
    # An attempt of the others would have been due as soon as one of this.
    await assert_completed(system, [waiting])
    assert await system.notification_keys(member) == [f"task-{waiting}:notify"]
    await operate(paused, "resume")
    await assert_completed(system, [paused])
    keys = await system.notification_keys(member)
    assert sorted(keys) == sorted(f"task-{task_id}:notify" for task_id in (paused, waiting))


def waits_after(found: dict[str, Reason], attempts: int) -> bool:
    """Return whether an outage is waited for after so many attempts."""
    return "outage" in found and found["outage"]["attempt"] > attempts + 1


async def test_a_paused_instance(stack_and_system: tuple[Stack, System]) -> None:
    stack, system = stack_and_system
    instance = await system.start("/hello", hello_id=unique(), user_name="ada")
    await reasons(system, instance, lambda found: "timer" in found)
    async with management(stack) as operator:
        await operator.pause_workflow(instance, "the moon is full")
        found = await reasons(system, instance, lambda found: "paused" in found)
        assert found["paused"]["text"] == "paused: the moon is full"
        # What it waits for besides is there as well.
        assert "timer" in found
        assert (await system.status(instance))["status"] == "SUSPENDED"
        await operator.resume_workflow(instance, "the night is over")
        await reasons(system, instance, lambda found: "paused" not in found)
        steps = await system.steps(instance)
        pause = next(s for s in steps if s["kind"] == "pause")
        assert (pause["status"], pause["input"]) == ("completed", "the moon is full")

    await workflow_client(stack).terminate_workflow(instance, output={"reason": "enough"})
    ended = await system.finished(instance)
    assert (ended["status"], ended["error"], ended["why"]) == ("TERMINATED", "enough", [])


async def test_a_rerun_names_the_instance_that_it_repeats(
    stack_and_system: tuple[Stack, System],
) -> None:
    stack, system = stack_and_system
    instance = await system.start("/hello", hello_id=unique(), user_name="ada", simulate="failure")
    await system.finished(instance)
    again, began = unique("again"), datetime.now(UTC)
    await workflow_client(stack).rerun_workflow_from_event(instance, 1, new_instance_id=again)
    ended = await system.finished(again)
    assert ended["rerun_of"] == instance
    # Without the time of what it repeats.
    assert ended["duration_seconds"] <= (datetime.now(UTC) - began).total_seconds()
    assert (await system.status(instance))["rerun_of"] is None


async def test_traces_are_linked(stack_and_system: tuple[Stack, System]) -> None:
    stack, system = stack_and_system
    if not stack.has("jaeger"):
        pytest.skip("this stack has no jaeger")
    instance = await system.start("/hello", hello_id=unique(), user_name="ada", simulate="failure")
    ended = await system.finished(instance)
    assert ended["trace_url"] == f"{stack.url('jaeger')}/trace/{ended['trace_id']}"

    async def page() -> bool | None:
        api = f"{stack.url('jaeger')}/api/v3/traces/{ended['trace_id']}"
        answer = await system.orchestrator.get(api)
        return True if answer.status_code == 200 and "hello_workflow" in answer.text else None

    await eventually(page, "the trace in Jaeger")


async def test_a_subscriber_does_not_delay_the_shutdown(
    stack_and_system: tuple[Stack, System],
) -> None:
    stack, system = stack_and_system
    instance = await system.start("/hello", hello_id=unique(), user_name="ada")
    async with system.orchestrator.stream("GET", f"/instances/{instance}/stream") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: instance"
        await terminate_uncut(stack, "orchestrator")
        # Were the service killed meanwhile, the stream would have no end, which is an error.
        assert [line async for line in lines]
    await start_again(stack, "orchestrator")
    assert (await system.finished(instance))["status"] == "COMPLETED"


@pytest.fixture(scope="module")
async def without_workflows(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Stack, System]]:
    """A stack whose orchestrator serves only the API."""
    run_dir = tmp_path_factory.mktemp("api")
    env = {"HOST_WORKFLOWS": "false", "START_TIMEOUT_SECONDS": "1"}
    async with running(run_dir, env={"orchestrator": env}) as both:
        yield both


async def start_elsewhere(stack: Stack, system: System, workflow: str) -> str:
    """Start a workflow that the orchestrator does not have, by its sidecar."""
    instance = unique()
    engine = f"{stack.sidecar_url('orchestrator')}/v1.0/workflows/dapr"

    async def started() -> bool | None:
        answer = await system.orchestrator.post(
            f"{engine}/{workflow}/start", params={"instanceID": instance}
        )
        return True if answer.is_success else None

    await eventually(started, f"{instance} to be started")
    return instance


def _seconds_without_worker(found: dict[str, Reason]) -> int:
    text = found["no_worker"]["text"] if "no_worker" in found else ""
    said = re.fullmatch(
        r"no worker has taken it for (\d+) s: no workflow worker is connected", text
    )
    return int(said[1]) if said else 0


async def test_no_worker(without_workflows: tuple[Stack, System]) -> None:
    stack, system = without_workflows
    address = stack.sidecar_grpc("orchestrator")
    async with other_worker(address):
        instance = await start_elsewhere(stack, system, "resting_workflow")
        await reasons(system, instance, lambda found: "timer" in found)
    # It is due, and no worker is connected.
    await reasons(system, instance, lambda found: _seconds_without_worker(found) >= 4)
    state = await system.status(instance)
    assert (state["status"], state["why"][0]["kind"]) == ("RUNNING", "no_worker")
    # A start needs a worker as well: without, nothing is kept of it.
    refused = await system.process(task_id=instance, title="T", assignee="alice")
    assert refused.status_code == 503
    async with other_worker(address):
        ended = await system.finished(instance)
        assert (ended["status"], ended["output"], ended["why"]) == ("COMPLETED", "rested", [])


async def test_waits_and_children_of_workflows_of_another_worker(
    without_workflows: tuple[Stack, System],
) -> None:
    stack, system = without_workflows
    async with other_worker(stack.sidecar_grpc("orchestrator")):
        instance = await start_elsewhere(stack, system, "parent_workflow")
        child = f"{instance}-child"
        found = await reasons(system, instance, lambda found: "RUNNING" in str(found))
        assert found["child"]["text"] == (
            f"child workflow asking_workflow ({child}, RUNNING): Alice is asked"
        )
        assert found["child"]["instance_id"] == child
        # It cannot be replayed here, and that is said.
        assert "parent_workflow" in found["code"]["text"]

        async def looked_up() -> list[Reason] | None:
            steps = await system.steps(child)
            return steps if len(steps) == 2 else None

        short, long = await eventually(looked_up, "the first wait to end")
        assert (short["kind"], short["status"]) == ("event", "timed_out")
        assert (long["kind"], long["status"]) == ("event", "running")
        found = await reasons(system, child, lambda found: "event" in found)
        [wait] = (await system.status(child))["custom_status"]["waits"]
        until = datetime.fromisoformat(wait["until"])
        assert found["event"]["text"] == (
            f"waiting for event approval until {until:%Y-%m-%dT%H:%M:%SZ}, assigned to alice"
        )
        assert found["event"]["until"] == wait["until"]

        payload = {"wait": wait["id"], "payload": {"approved": True}}
        engine = f"{stack.sidecar_url('orchestrator')}/v1.0/workflows/dapr"
        await system.orchestrator.post(f"{engine}/{child}/raiseEvent/APPROVAL", json=payload)
        ended = await system.finished(instance)
        assert (ended["output"], ended["why"]) == ("yes", [])
        _, answered = await system.steps(child)
        assert (answered["status"], answered["output"]) == ("completed", payload)
