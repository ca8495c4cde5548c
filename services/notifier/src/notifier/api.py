"""The notifier's HTTP API."""

from typing import Annotated

from fastapi import APIRouter, Path

from contracts.fields import Person
from contracts.notifier import InboxPage, Notification, NotificationRequest
from contracts.problems import ProblemType
from notifier.service import Notifier
from servicekit.params import Before, KeyPath, Limit
from servicekit.problems import problem_responses
from servicekit.startup import Startup

TAGS = [
    {"name": "notifications", "description": "What is sent, and what became of it"},
    {"name": "inbox", "description": "What somebody was told"},
]


def notifications_router(services: Startup[Notifier]) -> APIRouter:
    """Return the routes of the notifications."""
    router = APIRouter(tags=["notifications"])

    @router.put(
        "/notifications/{key}",
        summary="Tell somebody something",
        description="Answers once it is delivered. Repeating the request returns the first answer "
        "and delivers nothing again.",
        responses=problem_responses(
            ProblemType.KEY_REUSED,
            ProblemType.VALIDATION,
            ProblemType.UNDELIVERABLE,
            ProblemType.UNAVAILABLE,
            ProblemType.DELIVERY_UNAVAILABLE,
        ),
    )
    async def put_notification(key: KeyPath, request: NotificationRequest) -> Notification:
        return await services.value().delivery.notify(key, request)

    @router.get(
        "/notifications/{key}",
        summary="What became of a notification?",
        responses=problem_responses(ProblemType.NOT_FOUND),
    )
    async def get_notification(key: KeyPath) -> Notification:
        return await services.value().delivery.notification(key)

    return router


def inbox_router(services: Startup[Notifier]) -> APIRouter:
    """Return the routes of the inboxes."""
    router = APIRouter(tags=["inbox"])

    @router.get(
        "/inbox/{recipient}",
        summary="What was somebody told?",
        description="The newest first; an inbox that never got a message is empty.",
    )
    async def get_inbox(
        recipient: Annotated[Person, Path(examples=["alice@example.com"])],
        before: Before = None,
        limit: Limit = 50,
    ) -> InboxPage:
        return await services.value().inbox.page(recipient, before, limit)

    return router
