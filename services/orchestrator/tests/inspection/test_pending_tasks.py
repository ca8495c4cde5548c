"""The tasks that a workflow waits for, by its history and the current code."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import dapr.ext.workflow as wf
import pytest
from dapr.ext.workflow import DaprWorkflowContext, RetryPolicy
from unit_support.asking import Question, asking

from orchestrator.dapr_sdk.private import helpers
from orchestrator.engine.replay_executor import registry_of
from orchestrator.inspection.pending_tasks import CannotReplay, PendingTasks, pending_tasks
from orchestrator.testing.environment import Run, Send, execute
from orchestrator.testing.stubs import failing
from orchestrator.toolkit.retries import RETRY

HALF_AN_HOUR = timedelta(minutes=30)
HOUR = timedelta(hours=1)


def pending(workflow: Any, run: Run) -> PendingTasks:
    return pending_tasks(registry_of([asking(workflow)]), run.instance_id, run.history)


def ran(workflow: Any, until: timedelta, *events: Send, **stubs: Any) -> Run:
    return execute(asking(workflow), Question(), stubs, events=events, until=until)


def test_a_retried_activity_has_the_maximum_attempts_of_its_policy() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        yield ctx.call_activity("look", retry_policy=RETRY)

    # The first attempt fails at once; a timer is pending until the second.
    run = ran(workflow, timedelta(seconds=0.5), look=failing(OSError, "no luck"))
    assert pending(workflow, run) == {2: RETRY.max_number_of_attempts}


def test_a_running_activity_is_pending() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        yield ctx.call_activity("look")

    run = ran(workflow, timedelta(0), look=lambda _: None)
    # Its result is not there yet.
    run.history = [e for e in run.history if e.WhichOneof("eventType") != "executionCompleted"][:3]
    assert pending(workflow, run) == {1: None}


def test_a_task_that_when_any_left_behind_is_not_pending() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        yield wf.when_any([ctx.create_timer(timedelta(minutes=1)), ctx.create_timer(2 * HOUR)])
        yield wf.when_any([ctx.create_timer(HOUR), ctx.wait_for_external_event("answer")])

    run = ran(workflow, HALF_AN_HOUR)
    assert pending(workflow, run) == {3: None, 4: None}


def test_every_unfinished_task_of_when_all_is_pending() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        policy = RetryPolicy(first_retry_interval=HOUR, max_number_of_attempts=7)
        yield wf.when_all(
            [
                ctx.call_activity("look"),
                ctx.call_activity("fail", retry_policy=policy),
                ctx.create_timer(HOUR),
            ]
        )

    run = ran(workflow, HALF_AN_HOUR, look=lambda _: None, fail=failing(OSError, "no luck"))
    assert pending(workflow, run) == {3: None, 4: 7}


def rest(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
    yield ctx.create_timer(HOUR)


def test_code_that_calls_another_task_cannot_replay() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        yield ctx.call_activity("look")

    with pytest.raises(CannotReplay, match="NonDeterminismError"):
        pending(workflow, ran(rest, HALF_AN_HOUR))


def test_code_that_schedules_more_cannot_replay() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        yield wf.when_all([ctx.create_timer(HOUR), ctx.call_activity("look")])

    with pytest.raises(CannotReplay, match="does not have: scheduleTask"):
        pending(workflow, ran(rest, HALF_AN_HOUR))


def test_code_that_ends_early_cannot_replay() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        yield wf.when_any([ctx.create_timer(HOUR), ctx.wait_for_external_event("answer")])

    run = ran(rest, HALF_AN_HOUR)
    # The code of that time ignores it.
    run.history.append(helpers.new_event_raised_event("answer", '"now"'))
    with pytest.raises(CannotReplay, match="the code ends"):
        pending(workflow, run)


def test_code_that_raises_cannot_replay() -> None:
    def workflow(_: DaprWorkflowContext, __: Question) -> Generator[Any, Any, None]:
        raise ValueError("broken")
        yield

    with pytest.raises(CannotReplay, match="ValueError: broken"):
        pending(workflow, ran(rest, HALF_AN_HOUR))


def test_a_workflow_that_is_not_hosted_cannot_replay() -> None:
    run = ran(rest, HALF_AN_HOUR)
    with pytest.raises(CannotReplay, match="ask_workflow"):
        pending_tasks(registry_of([]), run.instance_id, run.history)


def test_before_its_first_turn_an_instance_has_no_pending_task() -> None:
    assert pending_tasks(registry_of([asking(rest)]), "ask-1", []) == {}
