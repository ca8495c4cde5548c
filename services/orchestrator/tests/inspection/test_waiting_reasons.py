"""The reasons why an instance waits, and their texts."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import dapr.ext.workflow as wf
import pytest
from dapr.ext.workflow import DaprWorkflowContext
from unit_support.asking import ANSWER, Answer, Question, asking
from unit_support.history import BEGIN, happened

from orchestrator.engine.replay_executor import registry_of
from orchestrator.inspection.pending_tasks import pending_tasks
from orchestrator.inspection.timeline import Timeline
from orchestrator.inspection.waiting_reasons import MAX_REASONS, WaitContext, waiting_reasons
from orchestrator.schemas.detail import ReasonKind
from orchestrator.schemas.workflows import Progress, RuntimeStatus
from orchestrator.testing.environment import Run, execute
from orchestrator.testing.stubs import failing
from orchestrator.toolkit.actor_reminders import LostReminder
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import RETRY
from orchestrator.toolkit.waits import EventWait
from orchestrator.workflows.hello.models import CHILD, GREET, TRY_LUCK, HelloRequest
from orchestrator.workflows.hello.workflow import DEFINITION as HELLO


def context(definition: Definition, run: Run, **more: Any) -> WaitContext:
    """Return the context of a run that has not ended."""
    defaults = {
        "status": RuntimeStatus.RUNNING,
        "timeline": Timeline(run.history),
        "pending_tasks": pending_tasks(registry_of([definition]), run.instance_id, run.history),
        "waits": run.progress[-1].waits if run.progress else (),
        "last_updated_at": BEGIN,
        "now": BEGIN + timedelta(seconds=90),
    }
    return WaitContext(**defaults | more)


def texts(found: WaitContext) -> list[str]:
    return [reason.text for reason in waiting_reasons(found)]


def hello(until: float, **stubs: Any) -> Run:
    request = HelloRequest(hello_id="1", user_name="ada")
    activities = {GREET: lambda _: "Hello", TRY_LUCK: lambda _: None, **stubs}
    return execute(HELLO, request, activities, until=timedelta(seconds=until))


OUT_OF_LUCK = failing(OSError, "out of luck")


def cut_after(run: Run, kind: str) -> Run:
    """Cut the history after the last event of a kind."""
    last = max(i for i, event in enumerate(run.history) if event.HasField(kind))
    run.history = run.history[: last + 1]
    return run


def test_an_activity_has_the_number_of_its_attempt() -> None:
    run = cut_after(hello(0, **{TRY_LUCK: OUT_OF_LUCK}), "taskScheduled")
    [reason] = waiting_reasons(context(HELLO, run))
    assert reason.text == "activity try_luck: attempt 1 of 3, since 2026-01-01T00:00:00Z"
    assert (reason.kind, reason.name) == (ReasonKind.ACTIVITY, TRY_LUCK)
    assert (reason.attempt, reason.attempts, reason.last_error) == (1, 3, None)


def test_a_later_attempt_has_the_error_of_the_one_before() -> None:
    run = cut_after(hello(1, **{TRY_LUCK: OUT_OF_LUCK}), "taskScheduled")
    assert texts(context(HELLO, run)) == [
        "activity try_luck: attempt 2 of 3, since 2026-01-01T00:00:01Z, last error: out of luck"
    ]


def test_between_two_attempts_the_reason_has_the_time_of_the_next() -> None:
    soon = BEGIN + timedelta(seconds=2)
    [reason] = waiting_reasons(context(HELLO, hello(1, **{TRY_LUCK: OUT_OF_LUCK}), now=soon))
    assert reason.text == (
        "activity try_luck: attempt 3 of 3, last error: out of luck, "
        "next try at 2026-01-01T00:00:03Z"
    )
    assert reason.kind is ReasonKind.RETRY
    assert reason.until == BEGIN + timedelta(seconds=3)


def test_a_timer_has_the_time_at_which_it_fires() -> None:
    # A scheduler that is busy may be some seconds late.
    soon = BEGIN + timedelta(seconds=20)
    [reason] = waiting_reasons(context(HELLO, hello(5), now=soon))
    assert reason.text == "timer until 2026-01-01T00:00:15Z"
    assert (reason.kind, reason.until) == (ReasonKind.TIMER, BEGIN + timedelta(seconds=15))


def test_a_timer_that_should_have_fired_is_said_to_be_late() -> None:
    late = " (its timer is late by 6 s: the scheduler seems to have lost it)"
    now = BEGIN + timedelta(seconds=21)
    assert texts(context(HELLO, hello(5), now=now)) == [f"timer until 2026-01-01T00:00:15Z{late}"]
    between = context(HELLO, hello(1, **{TRY_LUCK: OUT_OF_LUCK}), now=BEGIN + timedelta(seconds=9))
    assert texts(between)[0].endswith(f"next try at 2026-01-01T00:00:03Z{late}")


def test_a_child_workflow_has_its_id_and_status() -> None:
    run = cut_after(hello(5), "childWorkflowInstanceCreated")
    child = "hello-1:child-ada"
    known = context(HELLO, run, children={child: RuntimeStatus.SUSPENDED})
    [reason] = waiting_reasons(known)
    assert reason.text == f"child workflow {CHILD} ({child}, SUSPENDED)"
    assert (reason.kind, reason.instance_id) == (ReasonKind.CHILD, child)
    assert texts(context(HELLO, run)) == [f"child workflow {CHILD} ({child})"]
    says = context(
        HELLO,
        run,
        progress={child: Progress(step="refund", message="Refunding: 40 attempts failed")},
    )
    assert texts(says) == [f"child workflow {CHILD} ({child}): Refunding: 40 attempts failed"]


def ask(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
    """Wait for a day, with a first time-out after an hour."""
    day, hour = timedelta(days=1), timedelta(hours=1)
    waiting = EventWait(ctx, ANSWER, Answer, until=ctx.current_utc_datetime + day, assigned_to="bo")
    report(ctx, "asking", "Bo is asked", waits=[waiting.wait])
    yield from waiting.receive(ctx.current_utc_datetime + hour)


def test_a_wait_has_its_assignee_and_deadline() -> None:
    run = execute(asking(ask), Question(), {}, until=timedelta(minutes=1))
    [reason] = waiting_reasons(context(asking(ask), run))
    assert reason.text == "waiting for event answer until 2026-01-02T00:00:00Z, assigned to bo"
    assert (reason.name, reason.until) == ("answer", BEGIN + timedelta(days=1))
    # Without a wait that the workflow reports, the history has the event and its timer.
    assert texts(context(asking(ask), run, waits=())) == [
        "waiting for event answer until 2026-01-01T01:00:00Z"
    ]


def test_a_wait_without_a_deadline_has_none() -> None:
    def forever(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        yield ctx.wait_for_external_event("Answer")

    run = execute(asking(forever), Question(), {}, until=timedelta(minutes=1))
    assert texts(context(asking(forever), run)) == ["waiting for event Answer"]


def test_a_task_that_when_any_left_behind_is_no_reason() -> None:
    def either(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        yield wf.when_any([ctx.create_timer(timedelta(days=1)), ctx.call_activity("look")])
        yield ctx.create_timer(timedelta(hours=1))

    run = execute(asking(either), Question(), {"look": lambda _: 1}, until=timedelta(minutes=1))
    assert texts(context(asking(either), run)) == ["timer until 2026-01-01T01:00:00Z"]


def test_a_pause_comes_first_with_its_reason() -> None:
    run = hello(5)
    run.history.append(happened(30, executionSuspended={"input": "the moon is full"}))
    found = waiting_reasons(context(HELLO, run, status=RuntimeStatus.SUSPENDED))
    assert [reason.text for reason in found] == [
        "paused: the moon is full",
        "timer until 2026-01-01T00:00:15Z",
    ]
    assert found[0].since == BEGIN + timedelta(seconds=30)


def test_a_pause_without_a_reason_is_listed() -> None:
    run = hello(5)
    assert texts(context(HELLO, run, status=RuntimeStatus.SUSPENDED))[0] == "paused"
    run.history.append(happened(30, executionSuspended={}))
    assert texts(context(HELLO, run, status=RuntimeStatus.SUSPENDED))[0] == "paused"


@pytest.mark.parametrize("reason", ["PATCH_MISMATCH", "VERSION_NOT_AVAILABLE"])
def test_a_stall_has_its_reason(reason: str) -> None:
    run = hello(5)
    run.history.append(happened(30, executionStalled={"reason": reason, "description": "no v1"}))
    found = waiting_reasons(context(HELLO, run, status=RuntimeStatus.STALLED))
    assert found[0].text == f"stalled: {reason.lower()}: no v1"
    assert found[0].kind is ReasonKind.STALLED
    run.history.pop()
    assert texts(context(HELLO, run, status=RuntimeStatus.STALLED))[0] == "stalled"


def test_a_missing_worker_comes_first() -> None:
    found = texts(context(HELLO, hello(5), no_worker="no workflow worker is connected"))
    assert found == [
        "no worker has taken it for 90 s: no workflow worker is connected",
        "timer until 2026-01-01T00:00:15Z",
    ]


def test_a_pending_instance_waits_for_its_first_turn() -> None:
    run = Run("hello-1")
    pending = context(HELLO, run, status=RuntimeStatus.PENDING)
    assert texts(pending) == ["its next turn has been due for 90 s"]
    without = context(HELLO, run, status=RuntimeStatus.PENDING, no_worker="none is here")
    assert texts(without) == ["no worker has taken it for 90 s: none is here"]


def test_a_reminder_that_the_scheduler_lost_is_a_reason() -> None:
    lost = LostReminder(BEGIN + timedelta(seconds=5))
    run, since = hello(5), {"now": BEGIN + timedelta(seconds=20)}
    *_, reason = waiting_reasons(context(HELLO, run, reminder=lost, **since))
    assert reason.kind is ReasonKind.REMINDER
    assert reason.text == (
        "the scheduler lost the reminder of its actor for 2026-01-01T00:00:05Z: "
        "it is registered again within a minute"
    )
    again = LostReminder(lost.due, registered_at=lost.due + timedelta(seconds=11))
    assert texts(context(HELLO, run, reminder=again, **since))[-1].endswith(
        ": it was registered again at 2026-01-01T00:00:16Z"
    )


def test_reasons_come_from_the_history_alone_if_the_code_does_not_replay_it() -> None:
    run = hello(1, **{TRY_LUCK: OUT_OF_LUCK})
    soon = BEGIN + timedelta(seconds=2)
    without = context(HELLO, run, pending_tasks=None, replay_error="KeyError: 'x'", now=soon)
    found = waiting_reasons(without)
    assert [reason.text for reason in found] == [
        "activity try_luck: attempt 3, last error: out of luck, next try at 2026-01-01T00:00:03Z",
        "derived from the history alone, which the current code does not replay: KeyError: 'x'",
    ]
    assert found[0].attempts is None


def test_the_number_of_reasons_is_limited() -> None:
    def many(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        yield wf.when_all(
            [ctx.call_activity("look", retry_policy=RETRY) for _ in range(MAX_REASONS + 2)]
        )

    run = execute(asking(many), Question(), {"look": OUT_OF_LUCK}, until=timedelta(0))
    found = waiting_reasons(context(asking(many), run))
    assert len(found) == MAX_REASONS + 1
    assert found[-1].text == "and 2 more"
