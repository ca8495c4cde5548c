"""The rules of notifying, without I/O."""

from datetime import datetime
from typing import Self

from pydantic import AwareDatetime, BaseModel

from contracts.notifier import Notification, NotificationRequest, NotificationStatus


class NotificationRecord(BaseModel):
    """A notification as stored, with its delivery."""

    request: NotificationRequest
    status: NotificationStatus
    created_at: AwareDatetime
    attempts: int = 0
    delivered_at: AwareDatetime | None = None
    error: str | None = None
    number: int | None = None
    """The number of the inbox entry; an entry with another number is void."""
    claimed_until: AwareDatetime | None = None
    """Until then another replica may be delivering it."""

    def to_api(self, key: str) -> Notification:
        """Return the notification's API model."""
        return Notification(
            key=key,
            status=self.status,
            attempts=self.attempts,
            created_at=self.created_at,
            delivered_at=self.delivered_at,
            error=self.error,
            **self.request.model_dump(),
        )

    def claimed(self, until: datetime) -> Self:
        """Return the record with one attempt more, which ends before `until`."""
        return self.model_copy(update={"attempts": self.attempts + 1, "claimed_until": until})

    def delivered(self, at: datetime, number: int | None) -> Self:
        """Return the record after a successful delivery."""
        return self.model_copy(
            update={
                "status": NotificationStatus.DELIVERED,
                "delivered_at": at,
                "number": number,
                "error": None,
                "claimed_until": None,
            }
        )

    def failed(self, error: str, *, permanent: bool) -> Self:
        """Return the record after a failed delivery."""
        status = NotificationStatus.FAILED if permanent else NotificationStatus.PENDING
        return self.model_copy(update={"status": status, "error": error, "claimed_until": None})
