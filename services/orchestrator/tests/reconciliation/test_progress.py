"""What is late in an instance, by its history."""

from datetime import timedelta
from typing import Any

import pytest
from unit_support.history import BEGIN, happened

from orchestrator.reconciliation.progress import LateKind, Outlook, Surroundings, outlook_of

AFTER = timedelta(seconds=10)
STARTED = happened(0, executionStarted={"name": "ask_workflow"})
TIMER = happened(0, 1, timerCreated={"fireAt": "2026-01-01T00:01:00Z", "createTimer": {}})
WAIT = happened(
    0, 1, timerCreated={"fireAt": "2026-01-01T00:01:00Z", "externalEvent": {"name": "answer"}}
)
NEVER = happened(
    0, 1, timerCreated={"fireAt": "9999-12-31T23:59:59Z", "externalEvent": {"name": "answer"}}
)
SCHEDULED = happened(0, 2, taskScheduled={"name": "look", "taskExecutionId": "a"})
CHILD = happened(0, 3, childWorkflowInstanceCreated={"name": "c", "instanceId": "ask-1-c"})


def at(seconds: float, *history: Any, **around: Any) -> Outlook:
    known = {
        "now": BEGIN + timedelta(seconds=seconds),
        "after": AFTER,
        "runs_here": lambda _: False,
        "child_ended": lambda _: False,
        "code_is_ahead": False,
    }
    return outlook_of([STARTED, *history], Surroundings(**known | around))


def kinds(outlook: Outlook) -> list[LateKind]:
    return [late.kind for late in outlook.late]


@pytest.mark.parametrize("timer", [TIMER, WAIT])
def test_a_timer_is_late_once_it_should_have_fired_for_a_while(timer: Any) -> None:
    soon = at(69, timer)
    assert (soon.late, soon.lost.timers) == ((), [])
    assert soon.wake_up_at == BEGIN + timedelta(seconds=60)
    late = at(70, timer)
    assert (kinds(late), late.lost.timers, late.lost.activities) == ([LateKind.TIMER], [1], [])
    assert late.late[0].since == BEGIN + timedelta(seconds=60)


def test_what_waits_for_a_time_is_looked_at_when_that_may_be_late() -> None:
    assert at(5, TIMER).look_again_at == BEGIN + timedelta(seconds=70)


@pytest.mark.parametrize(
    "ended",
    [
        [TIMER, happened(60, timerFired={"timerId": 1})],
        [WAIT, happened(50, eventRaised={"name": "answer"})],
        [SCHEDULED, happened(1, taskCompleted={"taskScheduledId": 2})],
        [SCHEDULED, happened(1, taskFailed={"taskScheduledId": 2})],
        [NEVER],
    ],
)
def test_nothing_is_late_where_nothing_is_due(ended: list[Any]) -> None:
    outlook = at(9_999, *ended)
    assert (outlook.late, outlook.wake_up_at, outlook.look_again_at) == ((), None, None)


def test_an_activity_that_does_not_run_is_late_after_twice_as_long() -> None:
    assert at(19, SCHEDULED).late == ()
    late = at(20, SCHEDULED)
    assert (kinds(late), late.lost.activities) == ([LateKind.ACTIVITY], [2])
    assert late.late[0].what == "look"


def test_an_activity_that_runs_here_is_not_late_and_is_looked_at_again() -> None:
    outlook = at(9_999, SCHEDULED, runs_here=lambda id_: id_ == 2)
    assert outlook.late == ()
    assert outlook.look_again_at is not None


def test_a_turn_is_late_where_the_code_decides_more() -> None:
    assert kinds(at(10, NEVER, code_is_ahead=True)) == [LateKind.TURN]
    assert at(9, NEVER, code_is_ahead=True).late == ()


def test_a_turn_is_late_where_a_child_has_ended() -> None:
    late = at(10, CHILD, child_ended=lambda child: child == "ask-1-c")
    assert (kinds(late), late.lost.timers) == ([LateKind.TURN], [])
    assert at(10, CHILD).late == ()
    done = happened(5, childWorkflowInstanceCompleted={"taskScheduledId": 3})
    assert at(20, CHILD, done, child_ended=lambda _: True).late == ()


def test_all_that_is_late_is_created_again_at_once() -> None:
    late = at(99, TIMER, SCHEDULED)
    assert (late.lost.timers, late.lost.activities) == ([1], [2])
