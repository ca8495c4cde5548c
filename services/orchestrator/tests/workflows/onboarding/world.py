"""An onboarding with fake activities and the events of customer and verifier."""

from datetime import timedelta
from typing import Any

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import Run, Send, Stub, execute
from orchestrator.testing.people import PEOPLE
from orchestrator.testing.replay import replay
from orchestrator.testing.stubs import failing
from orchestrator.toolkit.messages import RELEASE_ASSIGNMENT, SEND_NOTIFICATION
from orchestrator.workflows.onboarding.models import (
    CLOSE_ACCOUNT,
    DELETE_DOCUMENT,
    KEEP_DOCUMENT,
    OPEN_ACCOUNT,
    VALIDATE_ONBOARDING,
    AccountOpened,
    OnboardingRequest,
    Terms,
)
from orchestrator.workflows.onboarding.workflow import DEFINITION

HOUR = 3600
DAY = 24 * HOUR
REQUEST = {
    "onboarding_id": "1",
    "customer_id": "c1",
    "name": "Ada",
    "email": "ada@example.com",
    "verifier": "alice",
}


def terms(**limits: Any) -> Terms:
    usual = {
        "collect_within_seconds": 7 * DAY,
        "verify_within_seconds": 2 * DAY,
        "remind_every_seconds": 12 * HOUR,
    }
    return Terms.model_validate({**usual, **limits})


fails = failing(NonRetryableError, "broken")


STUBS: dict[str, Stub] = {
    VALIDATE_ONBOARDING: lambda _: terms(),
    **PEOPLE,
    KEEP_DOCUMENT: lambda _: None,
    DELETE_DOCUMENT: lambda _: None,
    OPEN_ACCOUNT: lambda _: AccountOpened(),
    CLOSE_ACCOUNT: lambda _: None,
}


def document(after: float, kind: str, reference: str = "scan.pdf", **more: Any) -> Send:
    payload = {"kind": kind, "reference": reference}
    return Send(timedelta(seconds=after), "document", payload, **more)


def identity(after: float, verified: bool = True, **more: Any) -> Send:
    payload = {"verified": verified, "verifier": "alice", "reason": ""}
    return Send(timedelta(seconds=after), "identity", payload, **more)


DOCUMENTS = [document(10, "proof_of_address"), document(20, "identity_card")]


def run(*events: Send, **stubs: Stub) -> Run:
    request = OnboardingRequest.model_validate(REQUEST)
    done = execute(DEFINITION, request, {**STUBS, **stubs}, events=events)
    assert done.status is RuntimeStatus.COMPLETED, done.error
    # A document is kept while the others are waited for.
    assert set(done.unreported()) <= {KEEP_DOCUMENT}
    assert done.progress[-1].step == done.output["status"]
    replay([DEFINITION], done.instance_id, done.history)
    return done


def outcome(done: Run) -> str:
    return str(done.output["status"])


def notified(done: Run) -> list[tuple[str, str]]:
    prefix = "onboarding-1:"
    return [(s["key"].removeprefix(prefix), s["recipient"]) for s in done.inputs(SEND_NOTIFICATION)]


def compensated(done: Run) -> list[str]:
    return [c for c in done.called() if c in (CLOSE_ACCOUNT, RELEASE_ASSIGNMENT, DELETE_DOCUMENT)]


TO_VERIFIER = ("notify", "alice@example.com")
WELCOME = ("welcome", "ada@example.com")
SORRY = ("sorry", "ada@example.com")
