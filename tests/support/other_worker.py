"""A worker in a process of its own, with workflows that the orchestrator's code does not have.

`python -m support.other_worker 127.0.0.1 50001` hosts them at the sidecar there until it is ended.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, WorkflowRuntime
from pydantic import BaseModel

from orchestrator.toolkit.definition import Event
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.waits import EventWait


class Approval(BaseModel):
    """What the child waits for."""

    approved: bool


APPROVAL = Event(name="approval", payload=Approval, description="Whether it may continue")


def asking_workflow(ctx: DaprWorkflowContext) -> Generator[Any, Any, str]:
    """Ask Alice for approval, and time out once before."""
    until = ctx.current_utc_datetime + timedelta(minutes=5)
    waiting = EventWait(ctx, APPROVAL, Approval, until=until, assigned_to="alice")
    report(ctx, "approval", "Alice is asked", waits=[waiting.wait])
    with suppress(TimeoutError):
        yield ctx.wait_for_external_event("Approval", timeout=timedelta(seconds=1))
    answer = yield from waiting.receive()
    return "yes" if answer and answer.approved else "no"


def parent_workflow(ctx: DaprWorkflowContext) -> Generator[Any, Any, str]:
    """Have a child ask."""
    child = f"{ctx.instance_id}-child"
    answer: str = yield ctx.call_child_workflow("asking_workflow", instance_id=child)
    return answer


def resting_workflow(ctx: DaprWorkflowContext) -> Generator[Any, Any, str]:
    """Rest for a while."""
    yield ctx.create_timer(timedelta(seconds=3))
    return "rested"


@asynccontextmanager
async def other_worker(address: str) -> AsyncIterator[None]:
    """Host the workflows at the sidecar with that gRPC address; killed in the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "support.other_worker", *address.split(":")),
        cwd=Path(__file__).parents[1],
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


def main() -> None:
    """Host the workflows until a signal comes."""
    host, port = sys.argv[1:]
    worker = WorkflowRuntime(host=host, port=port)
    for workflow in (asking_workflow, parent_workflow, resting_workflow):
        worker.register_workflow(workflow)
    worker.start()  # type: ignore[no-untyped-call]
    signal.pause()


if __name__ == "__main__":
    main()
