"""Sends notifications, by the notifier."""

from dapr.ext.workflow import WorkflowActivityContext

from contracts.notifier import NotificationRequest
from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.messages import SEND_NOTIFICATION, NotificationSent, SendNotification
from orchestrator.toolkit.peers.peer import PeerRefused


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities that call the notifier."""

    async def send_notification(
        _: WorkflowActivityContext, step: SendNotification
    ) -> NotificationSent:
        """Send a notification by the channel of the settings."""
        request = NotificationRequest(
            recipient=step.recipient,
            subject=step.subject,
            body=step.body,
            channel=dependencies.settings.notification_channel,
            priority=step.priority,
            due=step.due,
        )
        try:
            sent = await dependencies.notifier.notify(step.key, request)
        except PeerRefused as error:
            raise NonRetryableError(str(error)) from error
        return NotificationSent(key=sent.key)

    return {SEND_NOTIFICATION: send_notification}
