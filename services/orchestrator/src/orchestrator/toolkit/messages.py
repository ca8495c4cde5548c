"""The steps that workflows call by name: each one's input and output.

A workflow imports this and not the activity, which does I/O; the worker registers the activity
under the same name.
"""

from typing import Any

from pydantic import BaseModel, Field

from contracts.assigner import Assignment, AssignmentRequest
from contracts.fields import Key, Person

ASSIGN_TASK = "assign_task"
RELEASE_ASSIGNMENT = "release_assignment"
SEND_NOTIFICATION = "send_notification"
CLOSE_WAIT = "close_wait"


class AssignTask(BaseModel):
    """Ask the assigner for somebody."""

    key: Key = Field(description="The idempotency key of the assignment")
    request: AssignmentRequest


class AssignTaskResult(BaseModel):
    """Who got the task, or why nobody did: exactly one of the two is set."""

    assignment: Assignment | None = None
    refusal: str | None = None


class ReleaseAssignment(BaseModel):
    """Undo an assignment, made or not."""

    key: Key


class SendNotification(BaseModel):
    """Tell somebody something."""

    key: Key = Field(description="The idempotency key of the notification")
    recipient: Person
    subject: str
    body: str


class NotificationSent(BaseModel):
    """The notifier has delivered."""

    key: str


class EventEnvelope(BaseModel):
    """What the API raises as an event: the payload, and the wait that it was accepted for."""

    wait: str
    payload: dict[str, Any]


class CloseWait(BaseModel):
    """Let nothing more into a wait."""

    instance_id: str
    slot: str = Field(description="The event key; the name is that of recorded histories")


class CloseWaitResult(BaseModel):
    """What was let in before, if anything was."""

    payload: dict[str, Any] | None = None
