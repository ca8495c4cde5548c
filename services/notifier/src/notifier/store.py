"""The keys and models of the notifier's state."""

from collections.abc import Iterable

from notifier.domain import NotificationRecord
from servicekit.state import StateStore, Versioned


def inbox_of(recipient: str) -> str:
    """Return the name of the sequence of an inbox's messages."""
    return f"inbox:{recipient}"


class Records:
    """Typed reads and writes of the notifier's values."""

    def __init__(self, store: StateStore) -> None:
        """Read and write in `store`."""
        self.store = store

    async def notification(self, key: str) -> Versioned[NotificationRecord]:
        """Read a notification."""
        return await self.store.get(f"notification:{key}", NotificationRecord)

    async def notifications(self, keys: Iterable[str]) -> dict[str, Versioned[NotificationRecord]]:
        """Read several notifications by key."""
        wanted = {f"notification:{key}": key for key in keys}
        read = await self.store.get_many(wanted, NotificationRecord)
        return {wanted[full]: entry for full, entry in read.items()}

    async def put_notification(
        self, key: str, record: NotificationRecord, etag: str | None
    ) -> None:
        """Write a notification over the version with `etag`, else raise Conflict."""
        await self.store.put(f"notification:{key}", record, etag)
