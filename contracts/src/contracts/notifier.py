"""The notifier's API: notifications and inboxes."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from contracts.fields import Instant, Key, Person, Priority, is_none

APP_ID = "notifier"


def notification_key(instance_id: str, step: str = "notify") -> str:
    """Return the key of a notification that a workflow instance sends in one of its steps."""
    return f"{instance_id}:{step}"


class ChannelName(StrEnum):
    """The channels that deliver notifications."""

    INBOX = "inbox"
    EMAIL = "email"


class NotificationRequest(BaseModel):
    """A notification to deliver."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "recipient": "alice@example.com",
                    "subject": "A task for you",
                    "body": "You have been assigned task: Review the quarterly report",
                    "channel": "inbox",
                }
            ]
        },
    )

    recipient: Person
    # A line break in a subject would end the header of an e-mail.
    subject: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")] = Field(
        min_length=1, max_length=300
    )
    body: str = Field(min_length=1, max_length=10_000)
    channel: ChannelName = ChannelName.INBOX
    priority: Priority | None = Field(
        default=None, exclude_if=is_none, description="Of the task that it is about, if any"
    )
    due: Instant | None = Field(
        default=None, exclude_if=is_none, description="When that task is to be done"
    )


class NotificationStatus(StrEnum):
    """The delivery status of a notification."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Notification(NotificationRequest):
    """A notification and its delivery."""

    model_config = ConfigDict(extra="ignore")

    key: Key
    status: NotificationStatus
    attempts: int = Field(description="How often delivery was attempted")
    created_at: AwareDatetime
    delivered_at: AwareDatetime | None = None
    error: str | None = Field(default=None, description="Why the last attempt failed")


class InboxMessage(BaseModel):
    """A message of an inbox."""

    key: Key
    subject: str
    body: str
    priority: Priority | None = Field(default=None, description="Of the task that it is about")
    due: AwareDatetime | None = Field(default=None, description="When that task is to be done")
    received_at: AwareDatetime


class InboxPage(BaseModel):
    """Some messages of one inbox, the newest first."""

    recipient: Person
    items: list[InboxMessage]
    next: int | None = Field(description="Pass as `before` to read on; null at the end")
