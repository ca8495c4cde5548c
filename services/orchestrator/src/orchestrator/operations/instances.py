"""Reads instances for operations: their state, and that of their child workflows."""

from collections.abc import Sequence
from typing import Any

from orchestrator.dapr_sdk.errors import engine_errors
from orchestrator.dapr_sdk.management import Management
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.toolkit.until_success import SHARED_CHILDREN


class Instances:
    """The instances in the engine; each method answers 503 where it does not answer."""

    def __init__(self, management: Management) -> None:
        """Read them by `management`."""
        self._management = management

    async def state(self, instance_id: str) -> InstanceState | None:
        """Return the state of an instance, with payloads; None where there is none."""
        with engine_errors():
            return await self._management.get_workflow_state(instance_id, payloads=True)

    async def history(self, instance_id: str) -> Sequence[Any]:
        """Return the events of an instance."""
        with engine_errors():
            return await self._management.get_workflow_history(instance_id)

    async def descendants(self, instance_id: str) -> list[InstanceState]:
        """Return the child workflows of an instance that are there, each before its own."""
        return await self._states(await self._names_below(instance_id))

    async def steps(self, instance_id: str) -> list[InstanceState]:
        """Return the child workflows by which steps of an instance are tried on and on."""
        created = await self._created(instance_id)
        return await self._states([c.instanceId for c in created if c.name in SHARED_CHILDREN])

    async def _names_below(self, instance_id: str) -> list[str]:
        found: list[str] = []
        for created in await self._created(instance_id):
            found += [created.instanceId, *await self._names_below(created.instanceId)]
        return found

    async def _created(self, instance_id: str) -> list[Any]:
        """Return the events by which an instance created its children."""
        return [
            event.childWorkflowInstanceCreated
            for event in await self.history(instance_id)
            if event.HasField("childWorkflowInstanceCreated")
        ]

    async def _states(self, names: Sequence[str]) -> list[InstanceState]:
        """Return the states of instances, of each once; a purged one has none."""
        # A child that was retried is in the history more than once.
        states = [await self.state(name) for name in dict.fromkeys(names)]
        return [state for state in states if state is not None]
