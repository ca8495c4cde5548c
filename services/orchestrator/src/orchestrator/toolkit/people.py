"""People in workflows: somebody gets a task, gives it back, is told something."""

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts.assigner import AssignmentRequest, assignment_key
from contracts.notifier import notification_key
from contracts.orchestrator import Wait
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
    AssignTask,
    AssignTaskResult,
    ReleaseAssignment,
    SendNotification,
)
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import RETRY, RETRY_COMPENSATION
from orchestrator.toolkit.waits import Payload, Waiting


def assign(
    ctx: DaprWorkflowContext, request: AssignmentRequest
) -> Generator[Task[Any], Any, AssignTaskResult]:
    """Find who does the instance's task; that nobody can is a result.

    Raises:
        TaskFailedError: The assigner failed for good; nobody holds the task then.
    """
    wanted = request.assignee or f"somebody with {', '.join(request.skills)}"
    report(ctx, ASSIGN_TASK, f"Looking for {wanted}")
    step = AssignTask(key=assignment_key(ctx.instance_id), request=request)
    try:
        assigned = yield ctx.call_activity(ASSIGN_TASK, input=step, retry_policy=RETRY)
    except TaskFailedError:
        # It is not known whether the last attempt reached the assigner.
        yield from release(ctx)
        raise
    return AssignTaskResult.model_validate(assigned)


def release(ctx: DaprWorkflowContext) -> Generator[Task[Any], Any, None]:
    """Release what `assign` assigned, or may have; it is tried until it holds."""
    report(ctx, RELEASE_ASSIGNMENT, "Releasing the assignment")
    step = ReleaseAssignment(key=assignment_key(ctx.instance_id))
    yield ctx.call_activity(RELEASE_ASSIGNMENT, input=step, retry_policy=RETRY_COMPENSATION)


def tell(
    ctx: DaprWorkflowContext,
    recipient: str,
    subject: str,
    body: str,
    *,
    step: str = "notify",
    waits: Sequence[Wait] = (),
    details: Mapping[str, Any] | None = None,
    activity: str = SEND_NOTIFICATION,
) -> Generator[Task[Any], Any, str | None]:
    """Tell somebody something.

    Args:
        ctx: The workflow's context.
        recipient: Somebody's id or e-mail address.
        subject: At most 300 characters, in one line.
        body: At most 10,000 characters.
        step: Names the notification among those of the instance.
        waits: The events that may be sent meanwhile.
        details: The figures that the instance's status shows meanwhile.
        activity: Sends it, in place of the notifier's own activity.

    Returns:
        Why it was not possible, or None where it was.
    """
    report(ctx, SEND_NOTIFICATION, f"Telling {recipient}", waits=waits, details=details)
    key = notification_key(ctx.instance_id, step)
    message = SendNotification(key=key, recipient=recipient, subject=subject, body=body)
    try:
        yield ctx.call_activity(activity, input=message, retry_policy=RETRY)
    except TaskFailedError as error:
        return error.details.message
    return None


class Reminder(NamedTuple):
    """Something to be told to who has not decided by `at`, in UTC without offset."""

    at: datetime
    subject: str
    body: str


def decision(
    ctx: DaprWorkflowContext,
    waiting: Waiting[Payload],
    decider: str,
    reminders: Sequence[Reminder],
) -> Generator[Task[Any], Any, Payload | None]:
    """Wait for somebody's decision, and remind; None where none came in time.

    What was accepted in the last moment counts, and a reminder that cannot be sent is left out.
    """

    def wait() -> None:
        report(ctx, waiting.wait.event, f"{decider} is to decide", waits=[waiting.wait])

    wait()
    for number, (at, subject, body) in enumerate(reminders, 1):
        decided = yield from waiting.receive(at)
        if decided is not None:
            return decided
        step = f"remind-{number}"
        yield from tell(ctx, decider, subject, body, step=step, waits=[waiting.wait])
        wait()
    decided = yield from waiting.receive()
    return decided if decided is not None else (yield from waiting.close())
