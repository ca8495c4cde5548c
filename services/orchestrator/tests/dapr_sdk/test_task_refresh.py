"""Wake-ups that were lost are created again by the actions that created them."""

import logging
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from dapr.ext.workflow import DaprWorkflowContext
from unit_support.asking import ANSWER, Question, asking
from unit_support.history import happened

from orchestrator.dapr_sdk.executor import Executor, Recorded
from orchestrator.dapr_sdk.private import WorkflowContext, WorkflowExecutor, protos
from orchestrator.dapr_sdk.task_refresh import WAKE_UP, OpenTasks
from orchestrator.engine.replay_executor import registry_of

LOG = logging.getLogger(__name__)
HOUR = "2026-01-01T01:00:00Z"


def looking_then_waiting(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, str]:
    """Look, then rest for an hour, then wait for an answer for an hour."""
    yield ctx.call_activity("look")
    yield ctx.create_timer(timedelta(hours=1))
    try:
        yield ctx.wait_for_external_event(ANSWER.name, timeout=timedelta(hours=1))
    except TimeoutError:
        return "no answer"
    return "an answer"


STARTED = [
    happened(0, workflowStarted={}),
    happened(0, executionStarted={"name": "ask_workflow", "input": '{"question_id": "1"}'}),
]
SCHEDULED = happened(
    0, 1, taskScheduled={"name": "look", "taskExecutionId": "a", "input": '"there"'}
)
LOOKED = [happened(1, workflowStarted={}), happened(1, taskCompleted={"taskScheduledId": 1})]
RESTING = happened(0, 2, timerCreated={"fireAt": HOUR, "createTimer": {}})
RESTED = [happened(3600, workflowStarted={}), happened(3600, timerFired={"timerId": 2})]
WAITING = happened(
    3600, 3, timerCreated={"fireAt": "2026-01-01T02:00:00Z", "externalEvent": {"name": "answer"}}
)


def woken(data: str = "{}") -> list[Any]:
    return [
        happened(9, workflowStarted={}),
        happened(9, eventRaised={"name": WAKE_UP, "input": data}),
    ]


def turn(history: list[Any], came: list[Any], kind: type[Any] = Executor) -> list[Any]:
    executor = kind(registry_of([asking(looking_then_waiting)]), LOG)
    return list(executor.execute("ask-1", history, came).actions)


def test_a_wake_up_alone_decides_nothing() -> None:
    assert turn([*STARTED, SCHEDULED], woken()) == []


def test_an_activity_is_scheduled_again_as_it_was() -> None:
    [action] = turn([*STARTED, SCHEDULED], woken('{"activities": [1]}'))
    scheduled = action.scheduleTask
    assert (action.id, scheduled.name, scheduled.taskExecutionId) == (1, "look", "a")
    assert scheduled.input.value == '"there"'


def test_a_timer_is_created_again_as_it_was() -> None:
    [action] = turn([*STARTED, SCHEDULED, *LOOKED, RESTING], woken('{"timers": [2]}'))
    assert action.id == 2
    assert action.createTimer.fireAt == RESTING.timerCreated.fireAt
    assert action.createTimer.WhichOneof("origin") == "createTimer"


def test_the_timeout_of_a_wait_is_created_again_with_its_event() -> None:
    history = [*STARTED, SCHEDULED, *LOOKED, RESTING, *RESTED, WAITING]
    [action] = turn(history, woken('{"timers": [3]}'))
    assert (action.id, action.createTimer.externalEvent.name) == (3, "answer")


@pytest.mark.parametrize(
    "data", ['{"timers": [2, 7]}', '{"activities": [1, 2]}', '{"timers": [1]}', "{}", ""]
)
def test_what_is_not_open_is_left_alone(data: str) -> None:
    assert turn([*STARTED, SCHEDULED, *LOOKED, RESTING, *RESTED, WAITING], woken(data)) == []


def test_a_result_that_waited_with_the_wake_up_is_taken_instead() -> None:
    actions = turn([*STARTED, SCHEDULED], [*LOOKED, woken('{"activities": [1]}')[1]])
    assert [action.id for action in actions] == [2]


def test_a_turn_that_ends_the_workflow_creates_nothing() -> None:
    history = [*STARTED, SCHEDULED, *LOOKED, RESTING, *RESTED, WAITING]
    answered = [happened(3700, workflowStarted={}), happened(3700, eventRaised={"name": "answer"})]
    [action] = turn(history, [*answered, woken('{"timers": [3], "activities": [1]}')[1]])
    assert action.HasField("completeWorkflow")


AGAIN = [
    *STARTED,
    SCHEDULED,
    *woken('{"activities": [1]}'),
    SCHEDULED,
    *LOOKED,
    RESTING,
    *woken('{"timers": [2]}'),
    RESTING,
    *RESTED,
]


def test_a_history_that_says_twice_what_was_created_replays() -> None:
    [action] = turn(AGAIN[:-2], AGAIN[-2:])
    assert (action.id, action.createTimer.externalEvent.name) == (3, "answer")
    [ended] = turn(
        [*AGAIN, WAITING],
        [happened(7200, workflowStarted={}), happened(7200, timerFired={"timerId": 3})],
    )
    assert ended.completeWorkflow.workflowStatus == protos.ORCHESTRATION_STATUS_COMPLETED
    assert ended.completeWorkflow.result.value == '"no answer"'


def test_the_sdk_fails_such_an_instance() -> None:
    """Where this no longer holds, `Executor` need not leave the repetitions out."""
    [action] = turn(AGAIN[:-2], AGAIN[-2:], WorkflowExecutor)
    assert action.completeWorkflow.workflowStatus == protos.ORCHESTRATION_STATUS_FAILED


def test_no_workflow_gets_the_wake_up_later() -> None:
    """The SDK would keep it for a wait of that name, and over continue_as_new."""
    executor = Executor(registry_of([asking(looking_then_waiting)]), LOG)
    context = WorkflowContext("ask-1")
    for event in AGAIN:
        executor.process_event(context, event)
    assert context._received_events == {}


def test_a_retry_that_was_scheduled_again_counts_once() -> None:
    timer = happened(1, 2, timerCreated={"fireAt": HOUR, "activityRetry": {"taskExecutionId": "a"}})
    assert Recorded.of([SCHEDULED, timer, timer]).retries == {1: 1}


def test_an_event_ends_the_timeout_of_the_wait_that_is_open_longest() -> None:
    """As the engine, which deletes that timer: it is not lost."""
    raised = happened(3700, eventRaised={"name": "Answer"})
    assert list(OpenTasks.of([RESTING, WAITING, raised]).timers) == [2]
    later = happened(3800, 4, timerCreated={"fireAt": HOUR, "externalEvent": {"name": "answer"}})
    assert list(OpenTasks.of([WAITING, later, raised]).timers) == [4]
    assert list(OpenTasks.of([WAITING, raised, later]).timers) == [4]
