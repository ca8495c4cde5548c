"""Onboardings that run as they stand: one for each way that they end."""

from typing import Any

from orchestrator.schemas.workflows import Sample, SampleEvent
from orchestrator.workflows.onboarding.models import DOCUMENT, IDENTITY, DocumentKind


def _request(onboarding_id: str, **more: Any) -> dict[str, Any]:
    customer_id, email = f"customer-{onboarding_id}", f"customer-{onboarding_id}@example.com"
    return {
        "onboarding_id": onboarding_id,
        "customer_id": customer_id,
        "name": "Ada Lovelace",
        "email": email,
        **more,
    }


def _identity(verified: bool, reason: str = "") -> SampleEvent:
    payload = {"verified": verified, "verifier": "alice", "reason": reason}
    return SampleEvent(event=IDENTITY.name, payload=payload)


DOCUMENTS = [
    SampleEvent(event=DOCUMENT.name, payload={"kind": kind, "reference": f"scan-{kind}.pdf"})
    for kind in DocumentKind
]

SAMPLES = {
    "completed": Sample(
        summary="A customer gets an account",
        request=_request("1"),
        events=[*DOCUMENTS, _identity(True)],
    ),
    "refused": Sample(
        summary="The identity is not confirmed",
        request=_request("2"),
        events=[*DOCUMENTS, _identity(False, "The photograph shows a cat")],
    ),
    "timed out": Sample(
        summary="A document does not arrive in time",
        request=_request("3", collect_within_seconds=8),
        events=DOCUMENTS[:1],
    ),
    "not verified": Sample(
        summary="Nobody verifies the identity in time, though reminded",
        request=_request("4", verify_within_seconds=6, remind_every_seconds=2),
        events=DOCUMENTS,
    ),
    "compensated": Sample(
        summary="The account is opened, but the answer is lost: it is closed again",
        request=_request("5", simulate="account_answer_lost"),
        events=[*DOCUMENTS, _identity(True)],
    ),
    "account fails": Sample(
        summary="The account cannot be opened: every step before it is compensated",
        request=_request("6", simulate="account_fails"),
        events=[*DOCUMENTS, _identity(True)],
    ),
}
