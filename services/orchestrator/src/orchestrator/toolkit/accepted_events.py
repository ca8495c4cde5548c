"""The payload that a wait accepted: the first one, and none once the wait is closed.

An event that is raised in Dapr reaches the workflow some time later, and perhaps never. So what
counts is a record, which is created once: by the API before it raises the event, or by the
workflow when it times out.
"""

from typing import Any

from pydantic import BaseModel

from servicekit.state import StateStore


class AcceptedEvent(BaseModel):
    """What was accepted under an event key: a payload, or None where the wait was closed empty."""

    payload: dict[str, Any] | None


class AcceptedEvents:
    """The accepted events in a state store, one for each event key."""

    def __init__(self, store: StateStore) -> None:
        """Keep them in `store`."""
        self._store = store

    async def accept_once(
        self, instance_id: str, event_key: str, payload: dict[str, Any] | None
    ) -> tuple[AcceptedEvent, bool]:
        """Accept a payload, unless one was accepted under the same event key before.

        Args:
            instance_id: The workflow instance that waits.
            event_key: See `Event.key_for`.
            payload: The payload; None closes the wait, so that it accepts none any more.

        Returns:
            What is accepted, and whether that happened now.
        """
        # The key's name is stored: it stays.
        key = f"decision:{instance_id}:{event_key}"
        return await self._store.put_if_absent(key, AcceptedEvent(payload=payload))
