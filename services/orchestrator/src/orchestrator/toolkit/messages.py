"""The shared steps that workflows call: the input, output and handle of each.

A workflow imports this and not the activity, which does I/O; the worker registers the activity
under the same handle.
"""

from collections.abc import Mapping
from types import NoneType
from typing import Any

from pydantic import BaseModel, Field

from contracts import assigner, notifier
from contracts.assigner import Assignment, AssignmentRequest
from contracts.fields import Instant, Key, Person, Priority, is_none
from orchestrator.toolkit.activity_ref import ActivityRef


class AssignTask(BaseModel):
    """Assign a task."""

    key: Key = Field(description="The idempotency key of the assignment")
    request: AssignmentRequest


class AssignTaskResult(BaseModel):
    """The assignment, or why it was refused: exactly one of the two is set."""

    assignment: Assignment | None = None
    refusal: str | None = None


class ReleaseAssignment(BaseModel):
    """Release an assignment, made or not."""

    key: Key


class SendNotification(BaseModel):
    """Send a notification."""

    key: Key = Field(description="The idempotency key of the notification")
    recipient: Person
    subject: str
    body: str
    priority: Priority | None = Field(
        default=None, exclude_if=is_none, description="Of the task that it is about, if any"
    )
    due: Instant | None = Field(
        default=None, exclude_if=is_none, description="When that task is to be done"
    )


class NotificationSent(BaseModel):
    """The notification was delivered."""

    key: str


class EventEnvelope(BaseModel):
    """What the API raises as an event: the payload, and the wait that it was accepted for."""

    wait: str
    payload: dict[str, Any]


class CloseWait(BaseModel):
    """Accept no more events for a wait."""

    instance_id: str
    slot: str = Field(description="The event key; the name is that of recorded histories")


class CloseWaitResult(BaseModel):
    """The payload that was accepted before, if one was."""

    payload: dict[str, Any] | None = None


ASSIGN_TASK = ActivityRef("assign_task", AssignTask, AssignTaskResult)
RELEASE_ASSIGNMENT = ActivityRef("release_assignment", ReleaseAssignment, NoneType)
SEND_NOTIFICATION = ActivityRef("send_notification", SendNotification, NotificationSent)
CLOSE_WAIT = ActivityRef("close_wait", CloseWait, CloseWaitResult)

PEER_CALLS: Mapping[str, str] = {
    ASSIGN_TASK: assigner.APP_ID,
    RELEASE_ASSIGNMENT: assigner.APP_ID,
    SEND_NOTIFICATION: notifier.APP_ID,
}
"""The peer that each of these steps calls, by its app id."""
