"""The rules of notifying, without I/O."""

from datetime import datetime
from typing import Self

from pydantic import AwareDatetime, BaseModel

from contracts.notifier import Notification, NotificationRequest, NotificationStatus


class NotificationRecord(BaseModel):
    """A notification, what became of it, and who is busy with it."""

    request: NotificationRequest
    status: NotificationStatus
    created_at: AwareDatetime
    attempts: int = 0
    delivered_at: AwareDatetime | None = None
    error: str | None = None
    number: int | None = None
    """The number of the inbox entry; an entry with another number is not this one's."""
    claimed_until: AwareDatetime | None = None
    """Until then some replica may be delivering it."""

    def shown(self, key: str) -> Notification:
        """Return the notification as the API shows it."""
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
        """Return the record as one more attempt begins, that ends before `until`."""
        return self.model_copy(update={"attempts": self.attempts + 1, "claimed_until": until})

    def delivered(self, at: datetime, number: int | None) -> Self:
        """Return the record after a delivery that held."""
        return self.model_copy(
            update={
                "status": NotificationStatus.DELIVERED,
                "delivered_at": at,
                "number": number,
                "error": None,
                "claimed_until": None,
            }
        )

    def failed(self, error: str, *, for_good: bool) -> Self:
        """Return the record after a delivery that did not hold."""
        status = NotificationStatus.FAILED if for_good else NotificationStatus.PENDING
        return self.model_copy(update={"status": status, "error": error, "claimed_until": None})
