"""The rules of a tracked task, and its steps in the actor."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from contracts.assigner import Assignment
from contracts.notifier import notification_key
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.activity_ref import ActivityRef, In, Out
from orchestrator.toolkit.lives import key_root
from orchestrator.toolkit.until_success import until_success
from orchestrator.workflows.tracked_task.models import FAULTS, TrackedRequest
from orchestrator.workflows.tracked_task.state import ArmedReminder, Message, ReminderName


def rejection_of(request: TrackedRequest, until: datetime) -> str | None:
    """Return why the task is rejected, if it is; `until` is when the workflow expires."""
    if not request.title.strip():
        return "Missing title"
    if not (request.assignee or "").strip() and not request.skills:
        return "Missing assignee"
    if request.due is not None and request.due_in_seconds is not None:
        return "Give either due or due_in_seconds"
    # Comparing needs no arithmetic on what may be the first or the last year of all.
    if request.due is not None and request.due > until:
        return f"Due after {until.isoformat()}, when a task expires"
    return None


def reminders_of(
    ctx: DaprWorkflowContext,
    request: TrackedRequest,
    assignment: Assignment,
    due: datetime | None,
    lead: str,
) -> list[ArmedReminder]:
    """Return the reminders to arm; a task that is overdue already has the escalation alone."""
    if due is None:
        return []

    def armed(
        name: ReminderName, at: datetime, recipient: str, subject: str, body: str
    ) -> ArmedReminder:
        key = notification_key(key_root(ctx), name)
        message = Message(key=key, recipient=recipient, subject=subject, body=body)
        fail_first = FAULTS[request.simulate].at(name).failures
        return ArmedReminder(name=name, at=at, message=message, fail_first=fail_first)

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


def run_actor_step(
    ctx: DaprWorkflowContext, activity: ActivityRef[In, Out], step: In
) -> Generator[Task[Any], Any, Out]:
    """Run a step in the actor until it succeeds, so that the task's readers see every step."""
    return until_success(ctx, activity, step, f"Running {activity} in the task's actor")


def step_key(ctx: DaprWorkflowContext, step: str) -> str:
    """Return the idempotency key of a step in the actor."""
    return f"{key_root(ctx)}:{step}"


def signature(ctx: DaprWorkflowContext) -> str:
    """Return the author of the entries that the workflow adds to the history."""
    return f"workflow {ctx.instance_id}"
