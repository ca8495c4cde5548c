"""The notifier's HTTP API."""

from typing import Annotated

from fastapi import APIRouter, Path

from contracts.fields import Person
from contracts.notifier import InboxPage, Notification, NotificationRequest
from contracts.problems import ProblemType
from notifier.deps import DeliveryDep, InboxDep
from servicekit.params import Before, KeyPath, Limit
from servicekit.problems import problem_responses

RecipientPath = Annotated[Person, Path(examples=["alice@example.com"])]

TAGS = [
    {"name": "notifications", "description": "Notifications and their delivery"},
    {"name": "inbox", "description": "Notifications that were delivered to an inbox"},
]

notifications_router = APIRouter(tags=["notifications"])
inbox_router = APIRouter(tags=["inbox"])


@notifications_router.put(
    "/notifications/{key}",
    summary="Send a notification",
    description="Answers once it is delivered. Idempotent: a repeat returns the first answer.",
    responses=problem_responses(
        ProblemType.KEY_REUSED,
        ProblemType.VALIDATION,
        ProblemType.UNDELIVERABLE,
        ProblemType.UNAVAILABLE,
        ProblemType.DELIVERY_UNAVAILABLE,
    ),
)
async def put_notification(
    key: KeyPath, request: NotificationRequest, delivery: DeliveryDep
) -> Notification:
    """Send a notification."""
    return await delivery.notify(key, request)


@notifications_router.get(
    "/notifications/{key}",
    summary="Get a notification",
    responses=problem_responses(ProblemType.NOT_FOUND),
)
async def get_notification(key: KeyPath, delivery: DeliveryDep) -> Notification:
    """Return a notification and its status."""
    return await delivery.notification(key)


@inbox_router.get(
    "/inbox/{recipient}",
    summary="Read an inbox",
    description="The newest message first; an unknown recipient has an empty inbox.",
)
async def get_inbox(
    recipient: RecipientPath, inbox: InboxDep, before: Before = None, limit: Limit = 50
) -> InboxPage:
    """Return messages of an inbox, the newest first."""
    return await inbox.page(recipient, before, limit)
