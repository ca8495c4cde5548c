"""The steps of a tracked task, and what they say to people and to the actor."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext
from pydantic import BaseModel

from contracts.assigner import Assignment, AssignmentRequest, assignment_key
from contracts.notifier import notification_key
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
from orchestrator.workflows.tracked_task.models import TrackedRequest
from orchestrator.workflows.tracked_task.state import Armed, Message, ReminderName

Steps = Generator[Task[Any], Any, Any]
# More than the attempts after which Dapr drops a reminder that has no policy.
FAILURES = 6


def rejection_of(request: TrackedRequest, until: datetime) -> str | None:
    """Return why the task makes no sense, if it does not; `until` is how long one is watched."""
    if not request.title.strip():
        return "Missing title"
    if not (request.assignee or "").strip() and not request.skills:
        return "Missing assignee"
    if request.due is not None and request.due_in_seconds is not None:
        return "Give either due or due_in_seconds"
    # Comparing needs no arithmetic on what may be the first or the last year of all.
    if request.due is not None and request.due > until:
        return f"Due after {until.isoformat()}, which is as long as a task is watched"
    return None


def reminders_of(
    ctx: DaprWorkflowContext,
    request: TrackedRequest,
    assignment: Assignment,
    due: datetime | None,
    lead: str,
) -> list[Armed]:
    """Return what the actor is to watch for; a reminder of what is overdue already is none."""
    if due is None:
        return []
    fail_first = FAILURES if request.simulate else 0

    def armed(name: ReminderName, at: datetime, recipient: str, subject: str, body: str) -> Armed:
        key = notification_key(ctx.instance_id, name)
        message = Message(key=key, recipient=recipient, subject=subject, body=body)
        return Armed(name=name, at=at, message=message, fail_first=fail_first)

    escalation = armed(
        ReminderName.ESCALATE,
        due,
        request.escalate_to or lead,
        "A task is overdue",
        f"{assignment.email} has not done it in time: {request.title}",
    )
    if due <= ctx.current_utc_datetime.replace(tzinfo=UTC):
        return [escalation]
    reminder = armed(
        ReminderName.REMIND,
        due - timedelta(seconds=request.remind_before_seconds),
        assignment.email,
        "A task is due",
        f"It is due at {due.isoformat()}: {request.title}",
    )
    return [reminder, escalation]


def assign(ctx: DaprWorkflowContext, request: TrackedRequest) -> Steps:
    """Ask the assigner for somebody."""
    named = (request.assignee or "").strip() or None
    wanted = AssignmentRequest(title=request.title, assignee=named, skills=request.skills)
    step = AssignTask(key=assignment_key(ctx.instance_id), request=wanted)
    assigned = yield ctx.call_activity(ASSIGN_TASK, input=step, retry_policy=RETRY)
    return AssignTaskResult.model_validate(assigned)


def release(ctx: DaprWorkflowContext) -> Steps:
    """Give back the assignment: who has done a task, or need not do it, does not hold it."""
    report(ctx, RELEASE_ASSIGNMENT, "Releasing the assignment")
    step = ReleaseAssignment(key=assignment_key(ctx.instance_id))
    yield ctx.call_activity(RELEASE_ASSIGNMENT, input=step, retry_policy=RETRY_COMPENSATION)


def tell(
    ctx: DaprWorkflowContext,
    request: TrackedRequest,
    assignment: Assignment,
    due: datetime | None,
) -> Steps:
    """Tell the assignee of the task."""
    end = f", due at {due.isoformat()}" if due else ""
    step = SendNotification(
        key=notification_key(ctx.instance_id),
        recipient=assignment.email,
        subject="A task for you",
        body=f"You have been assigned task: {request.title}{end}",
    )
    yield ctx.call_activity(SEND_NOTIFICATION, input=step, retry_policy=RETRY)


def keep(ctx: DaprWorkflowContext, activity: str, step: BaseModel) -> Steps:
    """Have a step reach the actor, however long it takes: what others read is to be true."""
    return (yield ctx.call_activity(activity, input=step, retry_policy=RETRY_COMPENSATION))


def key_of(ctx: DaprWorkflowContext, step: str) -> str:
    """Return the key under which the actor takes a step once."""
    return f"{ctx.instance_id}:{step}"


def myself(ctx: DaprWorkflowContext) -> str:
    """Return how the workflow signs what it writes into the history."""
    return f"workflow {ctx.instance_id}"
