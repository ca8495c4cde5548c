"""What a workflow stands at, by its history and today's code."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import dapr.ext.workflow as wf
import pytest
from dapr.ext.workflow import DaprWorkflowContext, RetryPolicy
from pydantic import BaseModel

from orchestrator.dapr_sdk.private import helpers
from orchestrator.engine.replay_executor import registry_of
from orchestrator.inspection.pending_tasks import CannotReplay, PendingTasks, pending_tasks
from orchestrator.testing.environment import Run, Send, execute
from orchestrator.toolkit.definition import Definition, Event, Request
from orchestrator.toolkit.retries import RETRY

HALF_AN_HOUR = timedelta(minutes=30)
HOUR = timedelta(hours=1)


class Payload(BaseModel):
    """Anything."""

    text: str = "x"


class Asked(Request):
    """Nothing to say."""

    wait_id: str = "1"


def definition(workflow: Any) -> Definition:
    return Definition(
        name="wait",
        workflow_name="wait_workflow",
        workflow=workflow,
        input=Asked,
        output=Payload,
        id_field="wait_id",
        title="Wait",
        description="Waits.",
        path="/wait",
        samples={},
        events=(Event(name="answer", payload=Payload, description="An answer"),),
    )


def fail(_: Any) -> None:
    raise OSError("no luck")


def stands_at(workflow: Any, run: Run) -> PendingTasks:
    return pending_tasks(registry_of([definition(workflow)]), run.instance_id, run.history)


def ran(workflow: Any, until: timedelta, *events: Send, **stubs: Any) -> Run:
    return execute(definition(workflow), Asked(), stubs, events=events, until=until)


def test_a_step_has_as_many_attempts_as_its_policy_says() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Asked) -> Generator[Any, Any, None]:
        yield ctx.call_activity("look", retry_policy=RETRY)

    # The first attempt fails at once, and a timer stands for the step until the second.
    run = ran(workflow, timedelta(seconds=0.5), look=fail)
    assert stands_at(workflow, run) == {2: RETRY.max_number_of_attempts}


def test_an_activity_that_runs_is_waited_for() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Asked) -> Generator[Any, Any, None]:
        yield ctx.call_activity("look")

    run = ran(workflow, timedelta(0), look=lambda _: None)
    # What came of it is not there yet.
    run.history = [e for e in run.history if e.WhichOneof("eventType") != "executionCompleted"][:3]
    assert stands_at(workflow, run) == {1: None}


def test_what_when_any_left_behind_is_waited_for_no_more() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Asked) -> Generator[Any, Any, None]:
        yield wf.when_any([ctx.create_timer(timedelta(minutes=1)), ctx.create_timer(2 * HOUR)])
        yield wf.when_any([ctx.create_timer(HOUR), ctx.wait_for_external_event("answer")])

    run = ran(workflow, HALF_AN_HOUR)
    assert stands_at(workflow, run) == {3: None, 4: None}


def test_all_that_is_open_of_when_all_is_waited_for() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Asked) -> Generator[Any, Any, None]:
        policy = RetryPolicy(first_retry_interval=HOUR, max_number_of_attempts=7)
        yield wf.when_all(
            [
                ctx.call_activity("look"),
                ctx.call_activity("fail", retry_policy=policy),
                ctx.create_timer(HOUR),
            ]
        )

    run = ran(workflow, HALF_AN_HOUR, look=lambda _: None, fail=fail)
    assert stands_at(workflow, run) == {3: None, 4: 7}


def rest(ctx: DaprWorkflowContext, _: Asked) -> Generator[Any, Any, None]:
    yield ctx.create_timer(HOUR)


def test_other_code_is_found() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Asked) -> Generator[Any, Any, None]:
        yield ctx.call_activity("look")

    with pytest.raises(CannotReplay, match="NonDeterminismError"):
        stands_at(workflow, ran(rest, HALF_AN_HOUR))


def test_code_that_decides_more_is_found() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Asked) -> Generator[Any, Any, None]:
        yield wf.when_all([ctx.create_timer(HOUR), ctx.call_activity("look")])

    with pytest.raises(CannotReplay, match="does not have: scheduleTask"):
        stands_at(workflow, ran(rest, HALF_AN_HOUR))


def test_code_that_ends_is_found() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Asked) -> Generator[Any, Any, None]:
        yield wf.when_any([ctx.create_timer(HOUR), ctx.wait_for_external_event("answer")])

    run = ran(rest, HALF_AN_HOUR)
    # Of no concern to the code of then.
    run.history.append(helpers.new_event_raised_event("answer", '"now"'))
    with pytest.raises(CannotReplay, match="comes to its end"):
        stands_at(workflow, run)


def test_code_that_breaks_is_found() -> None:
    def workflow(_: DaprWorkflowContext, __: Asked) -> Generator[Any, Any, None]:
        raise ValueError("broken")
        yield

    with pytest.raises(CannotReplay, match="ValueError: broken"):
        stands_at(workflow, ran(rest, HALF_AN_HOUR))


def test_code_that_is_not_here_is_said_to_be_so() -> None:
    run = ran(rest, HALF_AN_HOUR)
    with pytest.raises(CannotReplay, match="wait_workflow"):
        pending_tasks(registry_of([]), run.instance_id, run.history)


def test_before_its_first_turn_an_instance_stands_at_nothing() -> None:
    assert pending_tasks(registry_of([definition(rest)]), "wait-1", []) == {}
