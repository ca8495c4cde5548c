"""Reads one instance from the engine, as the index keeps it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.visibility.entry import (
    Entry,
    entry_of,
    may_be_child,
    parent_of,
    pending_entry,
)


class Instances(Protocol):
    """The part of Management that reads one instance."""

    async def get_workflow_state(self, instance_id: str, payloads: bool) -> InstanceState | None:
        """Return an instance's state; None if it is unknown."""

    async def get_workflow_history(self, instance_id: str) -> list[Any]:
        """Return the events of an instance."""


class EntryReader:
    """Reads instances; of a child also its history, once, because only that has its parent."""

    def __init__(
        self, catalogue: Catalogue, instances: Instances, known: Callable[[str], Entry | None]
    ) -> None:
        """Prepare to read.

        Args:
            catalogue: The hosted workflows.
            instances: The engine.
            known: Returns what the index has of an instance.
        """
        self._catalogue = catalogue
        self._instances = instances
        self._known = known

    async def read(self, instance_id: str) -> Entry | None:
        """Return an instance as it is now; None if the engine does not have it.

        Raises:
            AioRpcError: The engine did not answer.
        """
        state = await self._instances.get_workflow_state(instance_id, payloads=True)
        if state is None:
            return None
        # Only now: while the state was read, a start may have put an entry into the index.
        known = self._known(instance_id)
        if not state.name:
            # It has not begun, or is between two generations: the engine has only its id.
            return known or pending_entry(self._catalogue, instance_id, datetime.now(UTC))
        if not may_be_child(self._catalogue, state):
            return entry_of(self._catalogue, state)
        if known is not None and known.status is not RuntimeStatus.PENDING:
            return entry_of(self._catalogue, state, known.parent)
        history = await self._instances.get_workflow_history(instance_id)
        return entry_of(self._catalogue, state, parent_of(history))

    def torn(self, instance_id: str) -> Entry:
        """Return an instance that can be read no more, as it was read last."""
        known = self._known(instance_id)
        last = known or pending_entry(self._catalogue, instance_id, datetime.now(UTC))
        return replace(last, torn=True)
