"""What the actors of a workflow say of their reminders, which Dapr's scheduler may lose."""

from datetime import datetime
from typing import NamedTuple, Protocol


class DueReminder(NamedTuple):
    """The reminder of an actor that is due first.

    Args:
        at: When it is due, in UTC.
        lost: Whether the scheduler does not have it.
    """

    at: datetime
    lost: bool


class LostReminder(NamedTuple):
    """A reminder of an actor that the scheduler had lost.

    Args:
        due: When it was due, in UTC.
        registered_at: When it was registered again; None where that is still to come.
    """

    due: datetime
    registered_at: datetime | None = None


class ActorReminders(Protocol):
    """The reminders of the actors of a workflow's instances."""

    async def due(self, instance_id: str) -> DueReminder | None:
        """Return the reminder that is due first; None where none is armed, or nobody answers."""

    async def rearm(self, instance_id: str) -> None:
        """Register the reminders that are armed once more; one that was not lost is replaced.

        Raises:
            PeerUnavailable: The actor did not answer.
        """
