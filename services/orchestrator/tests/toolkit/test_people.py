"""The people helpers assign, release, notify and wait for a decision, with failures as results."""

from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError
from unit_support.asking import ANSWER, Answer, Question, asking

from contracts.assigner import AssignmentRequest
from contracts.fields import Priority
from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import Run, Send, Stub, execute
from orchestrator.testing.people import PEOPLE
from orchestrator.testing.stubs import failing
from orchestrator.toolkit.messages import ASSIGN_TASK, RELEASE_ASSIGNMENT, SEND_NOTIFICATION
from orchestrator.toolkit.people import Reminder, assign, notify, wait_for_decision
from orchestrator.toolkit.waits import EventWait

HOUR = timedelta(hours=1)


def run(workflow: Any, *events: Send, stubs: Mapping[str, Stub] | None = None) -> Run:
    done = execute(asking(workflow), Question(), {**PEOPLE, **(stubs or {})}, events=events)
    assert done.status is RuntimeStatus.COMPLETED, done.error
    assert done.unreported() == []
    return done


def answer(after: timedelta, *, lost: bool = False) -> Send:
    return Send(after, ANSWER.name, {"text": "yes"}, lost=lost)


def asks_for_a_decision(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, Any]:
    """Ask bo for an hour, with reminders at 20 and 40 minutes."""
    now = ctx.current_utc_datetime
    event_wait = EventWait(ctx, ANSWER, Answer, until=now + HOUR, assigned_to="bo")
    reminders = [Reminder(now + n * HOUR / 3, "Still to decide", f"Number {n}") for n in (1, 2)]
    decision = yield from wait_for_decision(ctx, event_wait, "bo", reminders)
    return decision and decision.text


def test_a_decision_ends_the_reminders() -> None:
    done = run(asks_for_a_decision, answer(HOUR / 2))
    assert done.output == "yes"
    assert done.elapsed == HOUR / 2
    assert [sent["body"] for sent in done.inputs(SEND_NOTIFICATION)] == ["Number 1"]


def test_reminders_have_keys_of_their_own_and_leave_the_wait_open() -> None:
    done = run(asks_for_a_decision)
    keys = [sent["key"] for sent in done.inputs(SEND_NOTIFICATION)]
    assert keys == ["ask-1:remind-1", "ask-1:remind-2"]
    assert all(progress.waits for progress in done.progress)
    # While nobody is notified, the status says who is to decide.
    assert done.steps() == [ANSWER.name, SEND_NOTIFICATION] * 2 + [ANSWER.name]
    assert done.progress[0].message == "bo is to decide"


def test_no_decision_by_the_deadline_is_none() -> None:
    done = run(asks_for_a_decision, answer(HOUR + timedelta(seconds=1)))
    assert (done.output, done.elapsed) == (None, HOUR)
    assert len(done.refused) == 1


def test_a_decision_that_was_accepted_but_lost_counts() -> None:
    assert run(asks_for_a_decision, answer(HOUR / 2, lost=True)).output == "yes"


def test_a_reminder_that_fails_is_left_out() -> None:
    stubs = {SEND_NOTIFICATION: failing(NonRetryableError, "no such mailbox")}
    assert run(asks_for_a_decision, answer(HOUR * 5 / 6), stubs=stubs).output == "yes"


def notifies(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, Any]:
    due = datetime(2030, 1, 31, tzinfo=UTC)
    details = {"done": 1}
    return (
        yield from notify(ctx, "bo", "Hi", "Text", details=details, priority=Priority.HIGH, due=due)
    )


def test_a_notification_shows_its_details_and_hands_on_the_task_s_urgency() -> None:
    done = run(notifies)
    assert done.output is None
    assert done.progress[0].details == {"done": 1}
    [sent] = done.inputs(SEND_NOTIFICATION)
    assert sent == {
        "key": "ask-1:notify",
        "recipient": "bo",
        "subject": "Hi",
        "body": "Text",
        "priority": "high",
        "due": "2030-01-31T00:00:00Z",
    }


def test_a_notification_that_fails_returns_the_error() -> None:
    stubs = {SEND_NOTIFICATION: failing(NonRetryableError, "no such mailbox")}
    assert run(notifies, stubs=stubs).output == "no such mailbox"


def assigns(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, Any]:
    try:
        assigned = yield from assign(ctx, AssignmentRequest(title="T", skills=["python"]))
    except TaskFailedError as error:
        return error.details.message
    return assigned.assignment and assigned.assignment.member_id


def test_a_task_is_assigned_under_the_key_of_the_instance() -> None:
    done = run(assigns)
    assert done.output == "dana"
    assert [step["key"] for step in done.inputs(ASSIGN_TASK)] == ["ask-1:assign"]
    assert RELEASE_ASSIGNMENT not in done.called()


def assigns_to_ann(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, Any]:
    yield from assign(ctx, AssignmentRequest(title="T", assignee="ann"))


def test_the_status_says_who_is_asked_for() -> None:
    assert run(assigns_to_ann).progress[0].message == "Assigning the task to ann"
    skilled = run(assigns).progress[0].message
    assert skilled == "Assigning the task to a member with python"


def test_an_assignment_that_fails_permanently_is_released() -> None:
    done = run(assigns, stubs={ASSIGN_TASK: failing(NonRetryableError, "assigner: down")})
    assert done.output == "assigner: down"
    assert done.inputs(RELEASE_ASSIGNMENT) == [{"key": "ask-1:assign"}]
