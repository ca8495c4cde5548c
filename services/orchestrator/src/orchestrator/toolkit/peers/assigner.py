"""The orchestrator's client of the assigner."""

from httpx import AsyncClient

from contracts.assigner import APP_ID, Assignment, AssignmentRequest
from orchestrator.toolkit.peers.peer import Peer


class AssignerClient:
    """Makes and releases assignments; each call is idempotent."""

    def __init__(self, http: AsyncClient) -> None:
        """Reach the assigner over `http`, a client of the sidecar."""
        self._peer = Peer(http, APP_ID)

    async def assign(self, key: str, request: AssignmentRequest) -> Assignment:
        """Assign a task under `key`."""
        return Assignment.model_validate(await self._peer.put(f"assignments/{key}", request))

    async def release(self, key: str) -> None:
        """Release what was, or may yet be, assigned under `key`."""
        await self._peer.delete(f"assignments/{key}")
