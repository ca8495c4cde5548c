"""Which payload a wait took: the first, whoever else comes, and none once it is closed.

An event that is raised in Dapr is taken by the workflow some time later, and perhaps never. So
what counts is not the event but a record, which is created once: by the API before it raises the
event, or by the workflow when it gives up.
"""

from typing import Any

from pydantic import BaseModel

from servicekit.state import StateStore, until_written


class Decision(BaseModel):
    """What filled a slot: a payload, or None where it was closed empty."""

    payload: dict[str, Any] | None


class Decisions:
    """The decisions in a state store."""

    def __init__(self, store: StateStore) -> None:
        """Keep them in `store`."""
        self._store = store

    async def fill(
        self, instance_id: str, slot: str, payload: dict[str, Any] | None
    ) -> tuple[Decision, bool]:
        """Fill a slot, unless it is filled.

        Args:
            instance_id: The workflow instance that waits.
            slot: What of it is filled.
            payload: What with; None closes it.

        Returns:
            What it is filled with, and whether that happened now.
        """
        key = f"decision:{instance_id}:{slot}"

        async def attempt() -> tuple[Decision, bool]:
            made = (await self._store.get(key, Decision)).value
            if made is not None:
                return made, False
            mine = Decision(payload=payload)
            await self._store.put(key, mine, None)
            return mine, True

        return await until_written(key, attempt)
