"""Stand-ins for the assigner and the notifier, where everybody is available and notified."""

from collections.abc import Mapping
from datetime import UTC, datetime

from contracts.assigner import Assignment, AssignmentStatus
from orchestrator.testing.environment import Stub
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
    AssignTask,
    AssignTaskResult,
    NotificationSent,
    ReleaseAssignment,
    SendNotification,
)


def assigned(step: AssignTask) -> AssignTaskResult:
    """Assign to who is named, or else to dana."""
    name = step.request.assignee or "dana"
    assignment = Assignment(
        key=step.key,
        title=step.request.title,
        member_id=name,
        name=name,
        email=f"{name}@example.com",
        status=AssignmentStatus.HELD,
        assigned_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return AssignTaskResult(assignment=assignment)


def released(_: ReleaseAssignment) -> None:
    """Release whatever it is."""


def sent(step: SendNotification) -> NotificationSent:
    """Deliver whatever it is."""
    return NotificationSent(key=step.key)


PEOPLE: Mapping[str, Stub] = {
    ASSIGN_TASK: assigned,
    RELEASE_ASSIGNMENT: released,
    SEND_NOTIFICATION: sent,
}
