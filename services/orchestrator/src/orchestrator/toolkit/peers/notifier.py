"""The orchestrator's client of the notifier."""

from httpx import AsyncClient

from contracts.notifier import APP_ID, Notification, NotificationRequest
from orchestrator.toolkit.peers.peer import Peer


class NotifierClient:
    """Sends notifications; each call is idempotent."""

    def __init__(self, http: AsyncClient) -> None:
        """Reach the notifier over `http`, a client of the sidecar."""
        self._peer = Peer(http, APP_ID)

    async def notify(self, key: str, request: NotificationRequest) -> Notification:
        """Deliver a notification under `key`."""
        return Notification.model_validate(await self._peer.put(f"notifications/{key}", request))
