"""Why an instance waits, while something is missing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from dapr.ext.workflow import DaprWorkflowContext, WorkflowRuntime
from dapr.ext.workflow.aio import DaprWorkflowClient
from pydantic import BaseModel

from orchestrator.management import Management
from orchestrator.worker import SDK_LOGS
from orchestrator.workflows.conventions import report
from orchestrator.workflows.definition import Event
from orchestrator.workflows.waiting import Waiting
from stack import Stack, StackOptions
from support.system import System, connect, eventually, somebody, unique

SERVICES = ("orchestrator", "assigner", "notifier")
Reason = dict[str, Any]


@asynccontextmanager
async def running(run_dir: Path, **env: str) -> AsyncIterator[tuple[Stack, System]]:
    """Run a stack whose orchestrator has more environment."""
    options = StackOptions(run_dir=run_dir, prefer_port=None, env={"orchestrator": env})
    async with AsyncExitStack() as resources:
        stack = await resources.enter_async_context(Stack(options))
        urls = {name: stack.url(name) for name in SERVICES}
        yield stack, await resources.enter_async_context(connect(urls))


@asynccontextmanager
async def management(stack: Stack) -> AsyncIterator[Management]:
    async with grpc.aio.insecure_channel(stack.sidecar_grpc("orchestrator")) as channel:
        yield Management(channel)


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
    """A stack that does not wait for its peers as long as it would."""
    run_dir = tmp_path_factory.mktemp("why")
    async with running(run_dir, PEER_TIMEOUT_SECONDS="1") as both:
        yield both


async def test_a_peer_that_is_down(stack_and_system: tuple[Stack, System]) -> None:
    stack, system = stack_and_system
    await stack.kill("notifier")
    task_id = unique()
    await system.process(task_id=task_id, title="T", assignee=somebody())
    instance = f"task-{task_id}"
    first = await reasons(system, instance, lambda found: "activity" in found)
    assert first["activity"]["text"].startswith(
        f"activity {first['activity']['name']}: attempt 1 of 3, since "
    )
    found = await reasons(system, instance, lambda found: "retry" in found)
    retry = found["retry"]
    assert (retry["name"], retry["attempts"]) == ("send_notification", 3)
    assert "notifier" in retry["last_error"]
    assert retry["text"].startswith(f"activity send_notification: attempt {retry['attempt']} of 3")
    assert "next try at" in retry["text"]

    # The release needs nobody who is down.
    ended = await system.finished(instance)
    assert ended["output"]["status"] == "failed"
    answer = await system.orchestrator.get(f"/instances/{instance}/history")
    step = next(s for s in answer.json()["steps"] if s["name"] == "send_notification")
    assert step["status"] == "failed"
    assert [attempt["number"] for attempt in step["attempts"]] == [1, 2, 3]
    await stack.start("notifier")
    await stack.wait_ready(None)


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
        steps = (await system.orchestrator.get(f"/instances/{instance}/history")).json()["steps"]
        pause = next(s for s in steps if s["kind"] == "pause")
        assert (pause["status"], pause["input"]) == ("completed", "the moon is full")

        await operator.terminate_workflow(instance, "enough", recursive=True)
        ended = await system.finished(instance)
        assert (ended["status"], ended["error"], ended["why"]) == ("TERMINATED", "enough", [])


async def test_a_rerun_says_what_it_repeats(stack_and_system: tuple[Stack, System]) -> None:
    stack, system = stack_and_system
    instance = await system.start("/hello", hello_id=unique(), user_name="ada", simulate="failure")
    await system.finished(instance)
    again = unique("again")
    async with management(stack) as operator:
        await operator.rerun_workflow_from_event(instance, 1, again, None)
    ended = await system.finished(again)
    assert ended["rerun_of"] == instance
    assert ended["duration_seconds"] < 30
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


async def test_who_looks_on_does_not_hold_up_the_end(
    stack_and_system: tuple[Stack, System],
) -> None:
    stack, system = stack_and_system
    instance = await system.start("/hello", hello_id=unique(), user_name="ada")
    async with system.orchestrator.stream("GET", f"/instances/{instance}/stream") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: instance"
        # The stack kills what takes 10 s to stop; uvicorn would wait as long for the stream.
        async with asyncio.timeout(8):
            await stack.terminate("orchestrator")
        assert [line async for line in lines]
    await stack.start("orchestrator")
    await stack.wait_ready(None)
    assert (await system.finished(instance))["status"] == "COMPLETED"


async def test_no_worker(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, system):
        instance = await system.start("/hello", hello_id=unique(), user_name="ada")
        await reasons(system, instance, lambda found: "timer" in found)
    async with running(tmp_path, HOST_WORKFLOWS="false", START_TIMEOUT_SECONDS="1") as (_, system):
        found = await reasons(system, instance, lambda found: "no_worker" in found)
        assert found["no_worker"]["text"].startswith("no worker has taken it for ")
        assert found["no_worker"]["text"].endswith(" s: no workflow worker is connected")
        assert "timer" in found
        assert (await system.status(instance))["why"][0]["kind"] == "no_worker"
        # A start needs a worker: it is refused, and nothing is kept of it.
        refused = await system.process(task_id=instance, title="T", assignee="alice")
        assert refused.status_code == 503
    async with running(tmp_path) as (_, system):
        assert (await system.finished(instance))["status"] == "COMPLETED"


class Approval(BaseModel):
    """What the test's own workflow waits for."""

    approved: bool


APPROVAL = Event(name="approval", payload=Approval, description="May it go on?")


def child_that_asks(ctx: DaprWorkflowContext, _: Any) -> Generator[Any, Any, str]:
    until = ctx.current_utc_datetime + timedelta(minutes=5)
    waiting = Waiting(ctx, APPROVAL, Approval, until=until, assigned_to="alice")
    report(ctx, "approval", "Alice is asked", waits=[waiting.wait])
    # Shorter than the wait: somebody would be reminded then.
    with suppress(TimeoutError):
        yield ctx.wait_for_external_event("Approval", timeout=timedelta(seconds=1))
    answer = yield from waiting.receive()
    return "yes" if answer and answer.approved else "no"


def parent_of_it(ctx: DaprWorkflowContext, _: Any) -> Generator[Any, Any, str]:
    answer: str = yield ctx.call_child_workflow(
        "child_that_asks", instance_id=f"{ctx.instance_id}-child"
    )
    return answer


async def test_a_person_and_a_child_by_code_that_is_not_ours(tmp_path: Path) -> None:
    """The test's own worker hosts the workflows, which the orchestrator cannot replay."""
    async with running(tmp_path, HOST_WORKFLOWS="false") as (stack, system):
        host, port = stack.sidecar_grpc("orchestrator").split(":")
        worker = WorkflowRuntime(host=host, port=port, logger_options=SDK_LOGS)
        for workflow in (parent_of_it, child_that_asks):
            worker.register_workflow(workflow)
        await asyncio.to_thread(worker.start)
        try:
            client = DaprWorkflowClient(host=host, port=port, logger_options=SDK_LOGS)
            instance, child = unique(), ""
            child = f"{instance}-child"
            await client.schedule_new_workflow(parent_of_it, instance_id=instance)
            found = await reasons(system, instance, lambda found: "child" in found)
            assert found["child"]["text"] == (f"child workflow child_that_asks ({child}, RUNNING)")
            assert found["child"]["instance_id"] == child
            assert "parent_of_it" in found["code"]["text"]

            async def timed_out() -> list[Reason] | None:
                answer = await system.orchestrator.get(f"/instances/{child}/history")
                steps = answer.json()["steps"]
                return steps if len(steps) == 2 else None

            short, long = await eventually(timed_out, "the first wait to end")
            assert (short["kind"], short["status"]) == ("event", "timed_out")
            assert (long["kind"], long["status"]) == ("event", "running")
            found = await reasons(system, child, lambda found: "event" in found)
            assert found["event"]["text"].startswith("waiting for event approval until ")
            assert found["event"]["text"].endswith(", assigned to alice")
            waits = (await system.status(child))["custom_status"]["waits"]
            assert found["event"]["until"] == waits[0]["until"]

            payload = {"wait": waits[0]["id"], "payload": {"approved": True}}
            await client.raise_workflow_event(child, "APPROVAL", data=payload)
            ended = await system.finished(instance)
            assert (ended["output"], ended["why"]) == ("yes", [])
            steps = (await system.orchestrator.get(f"/instances/{child}/history")).json()["steps"]
            assert (steps[1]["status"], steps[1]["output"]) == ("completed", payload)
        finally:
            await asyncio.to_thread(worker.shutdown)
