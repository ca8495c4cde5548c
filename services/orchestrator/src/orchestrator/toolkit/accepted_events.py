"""The payload that a wait accepted: the first one, and none once the wait is closed.

An event that is raised in Dapr reaches the workflow some time later, and perhaps never. So what
counts is a record, which is created once: by the API before it raises the event, or by the
workflow when it times out. The record also says by whom, so that a repeat is distinguished from
another decision, and whether the event was raised, so that a repeat raises only what was not.
"""

import json
from hashlib import sha256
from typing import Any

from pydantic import BaseModel

from servicekit.state import StateStore


class AcceptedEvent(BaseModel):
    """What was accepted under an event key: a payload, or None where the wait was closed empty."""

    payload: dict[str, Any] | None
    by: str | None = None
    """Who sent it, where that is known."""
    raised: bool = False
    """Whether the engine has taken the event; an older record does not say, and is raised again."""


class Sent(BaseModel):
    """The wait, and the event key of it, that a payload was sent for last."""

    wait_id: str
    event_key: str


class AcceptedEvents:
    """The accepted events in a state store, one for each event key."""

    def __init__(self, store: StateStore) -> None:
        """Keep them in `store`."""
        self._store = store

    async def find(self, instance_id: str, event_key: str) -> AcceptedEvent | None:
        """Return what was accepted under an event key, if anything was."""
        return (await self._store.get(_key(instance_id, event_key), AcceptedEvent)).value

    async def accept_once(
        self,
        instance_id: str,
        event_key: str,
        payload: dict[str, Any] | None,
        by: str | None = None,
    ) -> tuple[AcceptedEvent, bool]:
        """Accept a payload, unless one was accepted under the same event key before.

        Args:
            instance_id: The workflow instance that waits.
            event_key: See `Event.key_for`.
            payload: The payload; None closes the wait, so that it accepts none any more.
            by: Who sent it, where that is known.

        Returns:
            What is accepted, and whether that happened now. Where a write landed and its answer
            was lost, a repeat returns it as not accepted now: compare it.
        """
        accepted = AcceptedEvent(payload=payload, by=by)
        return await self._store.put_if_absent(_key(instance_id, event_key), accepted)

    async def mark_raised(self, instance_id: str, event_key: str) -> None:
        """Record that the engine has taken the event of an event key."""

        def raised(accepted: AcceptedEvent | None) -> AcceptedEvent | None:
            return accepted and accepted.model_copy(update={"raised": True})

        await self._store.update(_key(instance_id, event_key), AcceptedEvent, raised)

    async def remember(
        self, instance: str, event: str, payload: dict[str, Any], sent: Sent
    ) -> None:
        """Record for which wait a payload is sent, before it is accepted.

        By this a repeat finds what was accepted once the wait is over, when nothing else says
        which wait it was for.

        Args:
            instance: The instance, and its life where it is not the first.
            event: The event's name.
            payload: What is sent.
            sent: The wait, and the event key.
        """
        await self._store.update(_sent_key(instance, event, payload), Sent, lambda _: sent)

    async def recall(self, instance: str, event: str, payload: dict[str, Any]) -> Sent | None:
        """Return for which wait a payload was sent last, if it was; arguments as in `remember`."""
        return (await self._store.get(_sent_key(instance, event, payload), Sent)).value


def _key(instance_id: str, event_key: str) -> str:
    # The key's name is stored: it stays.
    return f"decision:{instance_id}:{event_key}"


def _sent_key(instance: str, event: str, payload: dict[str, Any]) -> str:
    digest = sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()[:32]
    return f"decision-sent:{instance}:{event}:{digest}"
