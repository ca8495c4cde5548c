"""Tells people."""

from dapr.ext.workflow import WorkflowActivityContext

from contracts.notifier import ChannelName, NotificationRequest
from orchestrator.clients.notifier import NotifierClient
from orchestrator.clients.peer import PeerRefused
from orchestrator.durabletask import NonRetryableError
from orchestrator.steps import NotificationSent, SendNotification


class NotificationActivities:
    """The activities that need the notifier."""

    def __init__(self, notifier: NotifierClient, channel: ChannelName) -> None:
        """Use this client, and tell people by this channel."""
        self._notifier = notifier
        self._channel = channel

    async def send_notification(
        self, _: WorkflowActivityContext, step: SendNotification
    ) -> NotificationSent:
        """Deliver a notification."""
        request = NotificationRequest(
            recipient=step.recipient, subject=step.subject, body=step.body, channel=self._channel
        )
        try:
            sent = await self._notifier.notify(step.key, request)
        except PeerRefused as error:
            raise NonRetryableError(str(error)) from error
        return NotificationSent(key=sent.key)
