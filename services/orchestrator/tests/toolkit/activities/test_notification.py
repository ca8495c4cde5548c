"""The activity sends a notification to the notifier, as the workflow gave it."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from contracts.fields import Priority
from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.testing.dependencies import activity_dependencies
from orchestrator.toolkit.activities.notification import activities
from orchestrator.toolkit.messages import SEND_NOTIFICATION, SendNotification

SENT = {
    "status": "delivered",
    "attempts": 1,
    "created_at": "2026-01-01T00:00:00Z",
}


async def send(step: SendNotification, status: int = 200) -> tuple[str, dict[str, Any]]:
    """Send a notification; return the path and the body of the notifier's request."""
    requests: list[httpx.Request] = []

    def notifier(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        body = json.loads(request.content)
        return httpx.Response(status, json={"key": step.key, **body, **SENT})

    transport = httpx.MockTransport(notifier)
    async with httpx.AsyncClient(base_url="http://sidecar", transport=transport) as http:
        await activities(activity_dependencies(http=http))[SEND_NOTIFICATION](None, step)
    [request] = requests
    return request.url.path, json.loads(request.content)


def notification(**more: Any) -> SendNotification:
    return SendNotification(
        key="task-1:notify", recipient="alice", subject="A task", body="Review", **more
    )


async def test_the_notifier_gets_the_key_of_the_workflow() -> None:
    path, body = await send(notification())
    assert path == "/v1.0/invoke/notifier/method/notifications/task-1:notify"
    assert body == {
        "recipient": "alice",
        "subject": "A task",
        "body": "Review",
        "channel": "inbox",
    }


async def test_the_priority_and_due_date_of_a_task_are_handed_on() -> None:
    due = datetime(2030, 1, 31, 16, tzinfo=UTC)
    _, body = await send(notification(priority=Priority.HIGH, due=due))
    assert (body["priority"], body["due"]) == ("high", "2030-01-31T16:00:00Z")


async def test_a_notification_that_the_notifier_refuses_is_not_retried() -> None:
    with pytest.raises(NonRetryableError):
        await send(notification(), status=422)
