"""A turn is replayed by what the whole history says, also where the instance was paused."""

import dataclasses
import logging
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from dapr.ext.workflow import DaprWorkflowContext, RetryPolicy, TaskFailedError
from unit_support.asking import ANSWER, Question, asking
from unit_support.history import happened

from orchestrator.dapr_sdk.executor import UNVERSIONED, Executor, Recorded, install
from orchestrator.dapr_sdk.private import WorkflowExecutor, protos, sdk_worker
from orchestrator.engine.replay_executor import registry_of
from orchestrator.testing.environment import Environment

PATCH = "another-step"
LOG = logging.getLogger(__name__)


def patched(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
    """Wait for an answer, then take a patch and the step that it brought."""
    yield ctx.wait_for_external_event(ANSWER.name)
    if ctx.is_patched(PATCH):
        yield ctx.call_activity("look")
    yield ctx.call_activity("leave")


# Paused; then the answer came, which is kept back; resumed, which is when the patch was taken.
PAUSED = [
    happened(0, workflowStarted={}),
    happened(0, executionStarted={"name": "ask_workflow", "input": '{"question_id": "1"}'}),
    happened(0, 1, timerCreated={"fireAt": "9999-12-31T23:59:59.999999999Z", "externalEvent": {}}),
    happened(1, workflowStarted={}),
    happened(1, executionSuspended={}),
    happened(2, workflowStarted={}),
    happened(2, eventRaised={"name": ANSWER.name, "input": "{}"}),
    happened(3, workflowStarted={"version": {"patches": [PATCH]}}),
    happened(3, executionResumed={}),
    happened(3, 2, taskScheduled={"name": "look"}),
]
LOOKED = [happened(4, workflowStarted={}), happened(4, taskCompleted={"taskScheduledId": 2})]


def turn(kind: type[Any], history: list[Any], came: list[Any]) -> Any:
    return kind(registry_of([asking(patched)]), LOG).execute("ask-1", history, came)


def decisions(result: Any) -> list[str]:
    return [action.scheduleTask.name or str(action) for action in result.actions]


@pytest.mark.parametrize("kind", [WorkflowExecutor, Executor])
def test_the_turn_that_resumes_takes_the_patch(kind: type[Any]) -> None:
    result = turn(kind, PAUSED[:7], PAUSED[7:9])
    assert (decisions(result), result.patches) == (["look"], [PATCH])


def test_the_sdk_does_not_replay_the_patch_of_an_instance_that_was_paused() -> None:
    """So the engine stalls it: where this no longer holds, `Executor` need not read ahead."""
    result = turn(WorkflowExecutor, PAUSED, LOOKED)
    assert result.patches == []
    [action] = result.actions
    assert "history mismatch" in action.completeWorkflow.failureDetails.errorMessage


def test_an_instance_that_was_paused_replays_its_patch() -> None:
    result = turn(Executor, PAUSED, LOOKED)
    assert (decisions(result), result.patches) == (["leave"], [PATCH])


PAUSE, RESUME = happened(1, executionSuspended={}), happened(3, executionResumed={})
RECEIVED = happened(2, eventRaised={"name": ANSWER.name, "input": "{}"})
# A request that is repeated, as its answer was lost, pauses or resumes twice.
REPEATED = {
    "paused twice": [PAUSE, PAUSE, RECEIVED, RESUME],
    "paused again after the answer": [PAUSE, RECEIVED, PAUSE, RESUME],
    "resumed twice": [PAUSE, RECEIVED, RESUME, RESUME],
    "resumed and never paused": [RESUME, RECEIVED],
    "paused and resumed, twice": [PAUSE, RESUME, PAUSE, RECEIVED, RESUME],
}


@pytest.mark.parametrize("operations", REPEATED.values(), ids=REPEATED)
def test_a_repeated_pause_or_resume_changes_nothing(operations: list[Any]) -> None:
    result = turn(Executor, PAUSED[:3], [happened(1, workflowStarted={}), *operations])
    assert (decisions(result), result.patches) == (["look"], [PATCH])
    # Nor does it where it is replayed.
    history = [*PAUSED[:3], PAUSED[7], *operations, PAUSED[9]]
    assert decisions(turn(Executor, history, LOOKED)) == ["leave"]


def test_what_is_paused_decides_nothing() -> None:
    came = [happened(1, workflowStarted={}), PAUSE, PAUSE, RECEIVED]
    assert decisions(turn(Executor, PAUSED[:3], came)) == []


def test_the_sdk_fails_what_is_resumed_twice() -> None:
    """Where this no longer holds, `Executor` need not leave out what changes nothing."""
    came = [happened(1, workflowStarted={}), PAUSE, RECEIVED, RESUME, RESUME]
    failed = [a.completeWorkflow for a in turn(WorkflowExecutor, PAUSED[:3], came).actions]
    assert any("executionResumed" in end.failureDetails.errorMessage for end in failed)


RETRY = RetryPolicy(first_retry_interval=timedelta(seconds=1), max_number_of_attempts=2)
FAILURE = {"errorType": "OSError", "errorMessage": "no answer"}


def retrying(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, str]:
    """Look, twice at most; where that fails, give up."""
    try:
        yield ctx.call_activity("look", retry_policy=RETRY)
    except TaskFailedError:
        yield ctx.call_activity("give_up")
    return "done"


def failed(second: int, call: int, execution: str) -> Any:
    details = {"taskScheduledId": call, "taskExecutionId": execution, "failureDetails": FAILURE}
    return happened(second, taskFailed=details)


def retried(execution: str) -> tuple[list[Any], list[Any]]:
    """Return a history in which the second attempt failed before its turn was saved."""
    registry = registry_of([asking(retrying)])
    begun = [
        happened(0, workflowStarted={}),
        happened(0, executionStarted={"name": "ask_workflow", "input": '{"question_id": "1"}'}),
    ]
    [action] = Executor(registry, LOG).execute("ask-1", [], begun).actions
    call = action.scheduleTask.taskExecutionId
    history = [
        *begun,
        happened(0, 1, taskScheduled={"name": "look", "taskExecutionId": call}),
        happened(1, workflowStarted={}),
        failed(1, 1, call),
        happened(1, 2, timerCreated={"fireAt": "2026-11-23T09:00:02Z"}),
    ]
    came = [
        happened(3, workflowStarted={}),
        failed(3, 3, execution or call),
        happened(3, timerFired={"timerId": 2}),
    ]
    return history, came


def test_a_result_that_comes_before_its_call_is_that_of_the_call() -> None:
    history, came = retried("")
    registry = registry_of([asking(retrying)])
    result = Executor(registry, LOG).execute("ask-1", history, came)
    assert decisions(result) == ["look", "give_up"]
    scheduled = [
        happened(3, action.id, taskScheduled={"name": action.scheduleTask.name})
        for action in result.actions
    ]
    given_up = [happened(4, workflowStarted={}), happened(4, taskCompleted={"taskScheduledId": 4})]
    replayed = Executor(registry, LOG).execute("ask-1", [*history, *came, *scheduled], given_up)
    [end] = replayed.actions
    assert end.completeWorkflow.result.value == '"done"'


def test_a_result_of_another_call_is_left_out() -> None:
    history, came = retried("another-call")
    result = Executor(registry_of([asking(retrying)]), LOG).execute("ask-1", history, came)
    assert decisions(result) == ["look"]


def leaving(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, str]:
    """Wait for an answer; without one, look."""
    try:
        yield ctx.wait_for_external_event(ANSWER.name, timeout=timedelta(seconds=1))
    except TimeoutError:
        yield ctx.call_activity("look")
        return "looked"
    return "answered"


# The result of the turn in which the wait ended was taken for that in which the answer came.
MISTAKEN = [
    happened(0, workflowStarted={}),
    happened(0, executionStarted={"name": "ask_workflow", "input": '{"question_id": "1"}'}),
    happened(0, 1, timerCreated={"fireAt": "2026-01-01T00:00:01Z", "externalEvent": {}}),
    happened(2, workflowStarted={}),
    happened(2, eventRaised={"name": ANSWER.name, "input": "{}"}),
    happened(2, 2, taskScheduled={"name": "look"}),
]


def ends(kind: type[Any], came: list[Any]) -> list[Any]:
    executor = kind(registry_of([asking(leaving)]), LOG)
    return [action.completeWorkflow for action in executor.execute("ask-1", MISTAKEN, came).actions]


def test_the_sdk_never_ends_an_instance_whose_history_goes_on_after_its_end() -> None:
    """Where this no longer holds, `Executor` need not remember the end."""
    assert ends(WorkflowExecutor, LOOKED) == []


def test_an_instance_whose_history_goes_on_after_its_end_ends() -> None:
    [end] = ends(Executor, LOOKED)
    assert end.workflowStatus == protos.ORCHESTRATION_STATUS_COMPLETED
    assert end.result.value == '"answered"'


def test_an_instance_beyond_the_patch_replays_without_it() -> None:
    answered = [*PAUSED[:3], *PAUSED[5:7], happened(2, 2, taskScheduled={"name": "leave"})]
    result = turn(Executor, answered, LOOKED)
    [action] = result.actions
    assert action.completeWorkflow.workflowStatus == protos.ORCHESTRATION_STATUS_COMPLETED
    assert result.patches == []


def test_the_worker_executes_turns_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdk_worker, "_OrchestrationExecutor", WorkflowExecutor)
    install()
    assert sdk_worker._OrchestrationExecutor is Executor


def test_retries_are_counted_by_the_call_that_is_retried() -> None:
    history = [
        happened(0, 1, taskScheduled={"name": "look", "taskExecutionId": "a"}),
        happened(1, 2, timerCreated={"activityRetry": {"taskExecutionId": "a"}}),
        happened(2, 3, taskScheduled={"name": "look", "taskExecutionId": "a"}),
        happened(3, 4, timerCreated={"activityRetry": {"taskExecutionId": "a"}}),
        happened(4, 5, taskScheduled={"name": "look", "taskExecutionId": "b"}),
        happened(5, 6, timerCreated={"createTimer": {}}),
    ]
    assert Recorded.of(history).retries == {1: 2}


def earlier(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, str]:
    yield ctx.create_timer(timedelta(hours=1))
    return "as it began"


def newer(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, str]:
    yield ctx.create_timer(timedelta(hours=1))
    yield ctx.create_timer(timedelta(hours=1))
    return "as it is now"


VERSIONED = dataclasses.replace(
    asking(newer), version="1", previous_versions={UNVERSIONED: earlier}
)


def test_an_instance_that_began_without_a_version_ends_as_it_began() -> None:
    hosts = Environment([asking(earlier)], {})
    run = hosts.start("ask_workflow", "ask-1", Question())
    hosts.run(timedelta(minutes=1))
    hosts.deploy([VERSIONED])
    hosts.run()
    assert (run.output, run.elapsed) == ("as it began", timedelta(hours=1))


def test_a_new_instance_runs_the_first_version() -> None:
    hosts = Environment([VERSIONED], {})
    run = hosts.start("ask_workflow", "ask-1", Question())
    hosts.run(timedelta(minutes=1))
    hosts.deploy([VERSIONED])
    hosts.run()
    assert (run.output, run.elapsed) == ("as it is now", timedelta(hours=2))
