"""Hello: each building block of a workflow, once. Start reading here."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.lives import child_id, key_root
from orchestrator.toolkit.progress import report
from orchestrator.workflows.hello.models import (
    CHILD,
    FAULTS,
    GREET,
    TAKE_BACK,
    TRY_LUCK,
    HelloRequest,
    HelloResult,
    Luck,
)
from orchestrator.workflows.hello.samples import SAMPLES


def hello_workflow(
    ctx: DaprWorkflowContext, request: HelloRequest
) -> Generator[Task[Any], Any, HelloResult]:
    """Greet; run a step that may fail; have a child greet; rest; compensate a failure."""
    report(ctx, GREET, f"Greeting {request.user_name}")
    greeting = yield from GREET.call(ctx, request.user_name)
    try:
        report(ctx, TRY_LUCK, "Running a step that may fail, three times at most")
        failures = FAULTS[request.simulate].at(TRY_LUCK).failures
        luck = Luck(key=f"{key_root(ctx)}:luck", failures=failures)
        yield from TRY_LUCK.call(ctx, luck)
    except TaskFailedError as error:
        report(ctx, TAKE_BACK, f"Taking the greeting back: {error.details.message}")
        sorry = yield from TAKE_BACK.call(ctx, request.user_name)
        report(ctx, "compensated", "The greeting was taken back")
        return HelloResult(greetings=[greeting, sorry], compensated=True)

    child = child_id(ctx, f"child-{request.user_name}")
    report(ctx, CHILD, f"A child workflow greets: {child}")
    of_child = yield ctx.call_child_workflow(CHILD, input=request.user_name, instance_id=child)
    report(ctx, "rest", f"Resting for {request.rest_seconds} s")
    yield ctx.create_timer(timedelta(seconds=request.rest_seconds))
    report(ctx, "completed", "Done")
    return HelloResult(greetings=[greeting, of_child])


def hello_child_workflow(
    ctx: DaprWorkflowContext, user_name: str
) -> Generator[Task[Any], Any, str]:
    """Greet once more, as an instance of its own."""
    return (yield from GREET.call(ctx, f"{user_name}, from a child"))


DEFINITION = Definition(
    name="hello",
    workflow_name="hello_workflow",
    workflow=hello_workflow,
    input=HelloRequest,
    output=HelloResult,
    id_field="hello_id",
    title="Hello",
    description="Each building block of a workflow, once: an activity, retries, a child workflow, "
    "a durable timer, compensation.",
    compensations=(TAKE_BACK,),
    path="/hello",
    search_fields=("user_name",),
    samples=SAMPLES,
    children={CHILD: hello_child_workflow},
)
