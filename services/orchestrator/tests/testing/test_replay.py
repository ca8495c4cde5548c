"""A history replays to the same decisions, and code that decides otherwise is found."""

import dataclasses
import random
from collections.abc import Generator
from typing import Any

import pytest
from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.testing.environment import Environment
from orchestrator.testing.replay import DecidesOtherwise, replay
from orchestrator.workflows.hello.models import GREET, TRY_LUCK, HelloRequest
from orchestrator.workflows.hello.workflow import DEFINITION

REQUEST = HelloRequest(hello_id="1", user_name="ada")
STUBS = {GREET: lambda name: f"Hello, {name}!", TRY_LUCK: lambda _: None}


def history() -> list[Any]:
    environment = Environment([DEFINITION], STUBS)
    run = environment.start(DEFINITION.workflow_name, "hello-1", REQUEST)
    environment.run()
    return run.history


def changed(workflow: Any) -> list[Any]:
    return [dataclasses.replace(DEFINITION, workflow=workflow)]


def test_the_same_code_decides_alike() -> None:
    replay([DEFINITION], "hello-1", history())


def test_another_activity_is_found() -> None:
    def workflow(ctx: DaprWorkflowContext, _: HelloRequest) -> Generator[Any, Any, None]:
        yield ctx.call_activity("wave", input="ada")

    with pytest.raises(DecidesOtherwise, match=r"turn 1 .*greet.*wave"):
        replay(changed(workflow), "hello-1", history())


def test_another_input_of_an_activity_is_found() -> None:
    def workflow(ctx: DaprWorkflowContext, _: HelloRequest) -> Generator[Any, Any, None]:
        yield ctx.call_activity(GREET, input="somebody else")

    with pytest.raises(DecidesOtherwise, match="somebody else"):
        replay(changed(workflow), "hello-1", history())


def test_a_step_that_was_left_out_is_found() -> None:
    def workflow(ctx: DaprWorkflowContext, request: HelloRequest) -> Generator[Any, Any, None]:
        yield ctx.call_activity(GREET, input=request.user_name)

    with pytest.raises(DecidesOtherwise, match="turn 2"):
        replay(changed(workflow), "hello-1", history())


def test_a_draw_in_the_workflow_is_found() -> None:
    def workflow(ctx: DaprWorkflowContext, _: HelloRequest) -> Generator[Any, Any, None]:
        yield ctx.call_activity(GREET, input=str(random.random()))  # noqa: S311

    environment = Environment(changed(workflow), {GREET: lambda name: name})
    run = environment.start(DEFINITION.workflow_name, "hello-1", REQUEST)
    environment.run()
    with pytest.raises(DecidesOtherwise):
        replay(changed(workflow), "hello-1", run.history)
