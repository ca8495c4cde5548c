"""People in workflows: assign a task, release it, notify somebody, wait for a decision."""

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts.assigner import AssignmentRequest, assignment_key
from contracts.fields import Priority
from contracts.notifier import notification_key
from orchestrator.dapr_sdk.private import Task
from orchestrator.schemas.workflows import Wait
from orchestrator.toolkit.lives import key_root
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
    AssignTask,
    AssignTaskResult,
    ReleaseAssignment,
    SendNotification,
)
from orchestrator.toolkit.outage import run_activity
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import RETRY
from orchestrator.toolkit.until_success import until_success
from orchestrator.toolkit.waits import EventWait, Payload


def assign(
    ctx: DaprWorkflowContext, request: AssignmentRequest, *, until: datetime | None = None
) -> Generator[Task[Any], Any, AssignTaskResult]:
    """Assign the instance's task; a refusal is a result, and an outage is waited for.

    Args:
        ctx: The workflow's context.
        request: The task, and a member or the skills that it asks for.
        until: When an outage of the assigner is waited for at the latest, in UTC without offset.

    Raises:
        TaskFailedError: The assigner failed permanently; the task is assigned to nobody then.
    """
    wanted = request.assignee or f"a member with {', '.join(request.skills)}"
    report(ctx, ASSIGN_TASK, f"Assigning the task to {wanted}")
    step = AssignTask(key=assignment_key(key_root(ctx)), request=request)
    try:
        return (yield from ASSIGN_TASK.call(ctx, step, until=until))
    except TaskFailedError:
        # It is not known whether the last attempt reached the assigner.
        yield from release(ctx)
        raise


def release(ctx: DaprWorkflowContext) -> Generator[Task[Any], Any, None]:
    """Release what `assign` assigned, or may have assigned; retried until it succeeds."""
    message = "Releasing the assignment"
    report(ctx, RELEASE_ASSIGNMENT, message)
    step = ReleaseAssignment(key=assignment_key(key_root(ctx)))
    yield from until_success(ctx, RELEASE_ASSIGNMENT, step, message)


def notify(
    ctx: DaprWorkflowContext,
    recipient: str,
    subject: str,
    body: str,
    *,
    step: str = "notify",
    waits: Sequence[Wait] = (),
    details: Mapping[str, Any] | None = None,
    activity: str = SEND_NOTIFICATION,
    priority: Priority | None = None,
    due: datetime | None = None,
    until: datetime | None = None,
    waits_for_peer: bool = True,
) -> Generator[Task[Any], Any, str | None]:
    """Send a notification; an outage of the notifier is waited for.

    Args:
        ctx: The workflow's context.
        recipient: An id or e-mail address.
        subject: At most 300 characters, in one line.
        body: At most 10,000 characters.
        step: Names the notification among those of the instance.
        waits: The events that are accepted meanwhile; all others are refused.
        details: The figures that the instance's status shows meanwhile.
        activity: The activity that sends it.
        priority: The priority of the task that it is about, if any.
        due: When that task is to be done, with an offset.
        until: When an outage is waited for at the latest, in UTC without offset.
        waits_for_peer: Whether an outage is waited for at all; else three attempts are made.

    Returns:
        The error where the notification was not delivered; None where it was.
    """
    report(ctx, SEND_NOTIFICATION, f"Notifying {recipient}", waits=waits, details=details)
    key = notification_key(key_root(ctx), step)
    message = SendNotification(
        key=key, recipient=recipient, subject=subject, body=body, priority=priority, due=due
    )
    try:
        # Not by a handle: the caller chooses the activity, and its output is not read.
        if waits_for_peer:
            yield from run_activity(ctx, activity, message, retry_policy=RETRY, until=until)
        else:
            yield ctx.call_activity(activity, input=message, retry_policy=RETRY)
    except TaskFailedError as error:
        return error.details.message
    return None


class Reminder(NamedTuple):
    """A notification to a decider who has not decided by `at`, in UTC without offset."""

    at: datetime
    subject: str
    body: str


def wait_for_decision(
    ctx: DaprWorkflowContext,
    event_wait: EventWait[Payload],
    decider: str,
    reminders: Sequence[Reminder] = (),
) -> Generator[Task[Any], Any, Payload | None]:
    """Wait for somebody's decision, and send reminders.

    Args:
        ctx: The workflow's context.
        event_wait: What is waited for, and until when.
        decider: Who is to decide: an id or e-mail address.
        reminders: In the order of their times; one that cannot be delivered is left out, also in an
            outage of the notifier, for the decision does not wait for it.

    Returns:
        The decision; None where none was accepted in time.
    """

    def report_wait() -> None:
        message = f"{decider} is to decide"
        report(ctx, event_wait.wait.event, message, waits=[event_wait.wait])

    report_wait()
    for number, (at, subject, body) in enumerate(reminders, 1):
        decided = yield from event_wait.receive(at)
        if decided is not None:
            return decided
        step = f"remind-{number}"
        waits = [event_wait.wait]
        yield from notify(ctx, decider, subject, body, step=step, waits=waits, waits_for_peer=False)
        report_wait()
    decided = yield from event_wait.receive()
    return decided if decided is not None else (yield from event_wait.close())
