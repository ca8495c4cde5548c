"""The inbox channel: messages in the state store, to be read over the API."""

from datetime import timedelta

from contracts.notifier import InboxMessage, InboxPage, NotificationRequest
from notifier.store import Records, inbox_of
from servicekit.sequence import Sequence, next_before


class Inbox:
    """Delivers to inboxes in the state store.

    The entry is written first, and is valid once the notification's record has its number: the
    entry of an attempt that crashed, or lost to another, is never shown.
    """

    claim = None

    def __init__(self, records: Records, kept: timedelta) -> None:
        """Store inboxes beside the records of the notifications, each entry for `kept`."""
        self._records = records
        self._sequence = Sequence(records.store, kept)

    async def deliver(self, key: str, request: NotificationRequest) -> int:
        """Add an entry to the recipient's inbox and return its number."""
        name = inbox_of(request.recipient)
        number = await self._sequence.reserve(name)
        await self._sequence.place(name, number, key)
        return number

    async def page(self, recipient: str, before: int | None, limit: int) -> InboxPage:
        """Return messages of an inbox, the newest first."""
        name = inbox_of(recipient)
        if before is None:
            before = await self._sequence.newest(name)
        entries = await self._sequence.page(name, before, limit)
        read = await self._records.notifications(key for _, key in entries)
        items = [
            InboxMessage(
                key=key,
                subject=record.request.subject,
                body=record.request.body,
                priority=record.request.priority,
                due=record.request.due,
                received_at=record.delivered_at,
            )
            for number, key in entries
            if (record := read[key].value) is not None
            and record.number == number
            and record.delivered_at is not None
        ]
        return InboxPage(recipient=recipient, items=items, next=next_before(before, limit))
