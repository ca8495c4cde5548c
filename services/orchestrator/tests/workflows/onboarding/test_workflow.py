"""The onboarding of a customer, for each way that its steps can end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.orchestrator import RuntimeStatus
from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.testing.environment import Run, Send, Stub, execute
from orchestrator.testing.people import PEOPLE, sent
from orchestrator.testing.replay import replay
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    CLOSE_WAIT,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
    AssignTaskResult,
    NotificationSent,
    SendNotification,
)
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
from orchestrator.workflows.onboarding.verification import MAX_REMINDERS
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


def fails(_: Any) -> None:
    raise NonRetryableError("broken")


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


def test_a_customer_gets_an_account_and_is_welcomed() -> None:
    done = run(*DOCUMENTS, identity(HOUR))
    assert outcome(done) == "completed"
    assert done.output["verifier"] == "alice"
    assert done.called() == [
        VALIDATE_ONBOARDING,
        KEEP_DOCUMENT,
        KEEP_DOCUMENT,
        ASSIGN_TASK,
        SEND_NOTIFICATION,
        RELEASE_ASSIGNMENT,
        OPEN_ACCOUNT,
        SEND_NOTIFICATION,
    ]
    assert notified(done) == [TO_VERIFIER, WELCOME]
    assert done.inputs(OPEN_ACCOUNT)[0]["key"] == "onboarding-1:account"
    assert [k["key"] for k in done.inputs(KEEP_DOCUMENT)] == [
        "onboarding-1:document.proof_of_address",
        "onboarding-1:document.identity_card",
    ]


def test_the_custom_status_lists_the_missing_documents() -> None:
    done = run(*DOCUMENTS, identity(HOUR))
    missing = [p.details["missing"] for p in done.progress if p.step == "collect_documents"]
    assert missing == [["identity_card", "proof_of_address"], ["identity_card"]]


def test_of_each_kind_the_first_document_counts() -> None:
    again = document(15, "proof_of_address", "another.pdf")
    done = run(DOCUMENTS[0], again, DOCUMENTS[1], identity(HOUR))
    assert outcome(done) == "completed"
    assert done.refused == [again]
    kept = [k["document"]["reference"] for k in done.inputs(KEEP_DOCUMENT)]
    assert kept == ["scan.pdf", "scan.pdf"]


def test_it_times_out_without_all_documents() -> None:
    done = run(DOCUMENTS[0])
    assert outcome(done) == "timed_out"
    assert done.elapsed == timedelta(days=7)
    assert "identity_card" in done.output["message"]
    assert compensated(done) == [DELETE_DOCUMENT]
    assert notified(done) == [SORRY]


def test_a_document_that_was_accepted_before_the_timeout_counts() -> None:
    lost = document(20, "identity_card", lost=True)
    done = run(DOCUMENTS[0], lost, identity(7 * DAY + 60))
    assert outcome(done) == "completed"
    assert CLOSE_WAIT in done.called()


def test_the_verifier_is_reminded_until_the_decision() -> None:
    done = run(*DOCUMENTS, identity(20 + 25 * HOUR))
    assert outcome(done) == "completed"
    reminded = ["remind-1", "remind-2"]
    assert notified(done) == [TO_VERIFIER, *((r, "alice@example.com") for r in reminded), WELCOME]
    waits = {w.id for p in done.progress for w in p.waits if w.event == "identity"}
    assert len(waits) == 1


def test_the_number_of_reminders_is_bounded() -> None:
    stub = {VALIDATE_ONBOARDING: lambda _: terms(remind_every_seconds=1)}
    done = run(*DOCUMENTS, **stub)
    assert len([key for key, _ in notified(done) if key.startswith("remind")]) == MAX_REMINDERS


def test_a_refused_identity_compensates_every_step() -> None:
    no = {"verified": False, "verifier": "alice", "reason": "It is a cat"}
    done = run(*DOCUMENTS, Send(timedelta(hours=1), "identity", no))
    assert outcome(done) == "refused"
    assert compensated(done) == [RELEASE_ASSIGNMENT, DELETE_DOCUMENT, DELETE_DOCUMENT]
    assert "It is a cat" in done.inputs(SEND_NOTIFICATION)[-1]["body"]
    assert notified(done) == [TO_VERIFIER, SORRY]


def test_a_late_verification_compensates_every_step() -> None:
    done = run(*DOCUMENTS, identity(3 * DAY))
    assert outcome(done) == "timed_out"
    assert done.elapsed == timedelta(days=2, seconds=20)
    assert compensated(done) == [RELEASE_ASSIGNMENT, DELETE_DOCUMENT, DELETE_DOCUMENT]
    assert len(done.refused) == 1


def test_a_verification_that_was_accepted_before_the_timeout_counts() -> None:
    assert outcome(run(*DOCUMENTS, identity(DAY, lost=True))) == "completed"


def test_a_failed_opening_closes_the_account() -> None:
    done = run(*DOCUMENTS, identity(HOUR), **{OPEN_ACCOUNT: fails})
    assert outcome(done) == "failed"
    assert "broken" in done.output["message"]
    assert compensated(done) == [
        RELEASE_ASSIGNMENT,
        CLOSE_ACCOUNT,
        DELETE_DOCUMENT,
        DELETE_DOCUMENT,
    ]
    assert notified(done) == [TO_VERIFIER, SORRY]


def test_a_customer_with_an_account_gets_no_second_one() -> None:
    has_one = {OPEN_ACCOUNT: lambda _: AccountOpened(refusal="has an account already")}
    done = run(*DOCUMENTS, identity(HOUR), **has_one)
    assert (outcome(done), done.output["message"]) == ("failed", "has an account already")


def test_a_failed_welcome_closes_the_account() -> None:
    def send(step: SendNotification) -> NotificationSent:
        if step.recipient == "ada@example.com":
            raise NonRetryableError("no such mailbox")
        return sent(step)

    done = run(*DOCUMENTS, identity(HOUR), **{SEND_NOTIFICATION: send})
    assert (outcome(done), done.output["customer_told"]) == ("failed", False)
    assert CLOSE_ACCOUNT in compensated(done)


def test_without_a_verifier_the_documents_are_deleted() -> None:
    nobody = {ASSIGN_TASK: lambda _: AssignTaskResult(refusal="alice is away")}
    done = run(*DOCUMENTS, **nobody)
    assert (outcome(done), done.output["message"]) == ("failed", "alice is away")
    assert compensated(done) == [DELETE_DOCUMENT, DELETE_DOCUMENT]


def test_a_permanent_failure_of_the_assigner_releases_the_assignment() -> None:
    done = run(*DOCUMENTS, **{ASSIGN_TASK: fails})
    assert compensated(done) == [RELEASE_ASSIGNMENT, DELETE_DOCUMENT, DELETE_DOCUMENT]


def test_a_failed_notification_of_the_verifier_releases_the_assignment() -> None:
    done = run(*DOCUMENTS, **{SEND_NOTIFICATION: fails})
    assert compensated(done)[0] == RELEASE_ASSIGNMENT


def test_a_failed_record_of_a_document_is_deleted() -> None:
    done = run(*DOCUMENTS, **{KEEP_DOCUMENT: fails})
    assert outcome(done) == "failed"
    assert compensated(done) == [DELETE_DOCUMENT]


@pytest.mark.parametrize("stub", [fails, lambda _: terms(rejection="Missing name")])
def test_an_invalid_application_ends_without_compensation(stub: Stub) -> None:
    done = run(**{VALIDATE_ONBOARDING: stub})
    assert outcome(done) in ("failed", "rejected")
    assert (compensated(done), notified(done)) == ([], [SORRY])


def test_the_waits_show_their_timeout_and_assignee() -> None:
    done = run(*DOCUMENTS, identity(HOUR))
    waits = {w.event: w for p in done.progress for w in p.waits}
    assert waits["document"].until == datetime(2026, 1, 8, tzinfo=UTC)
    assert waits["identity"].until == datetime(2026, 1, 3, 0, 0, 20, tzinfo=UTC)
    assert waits["identity"].assigned_to == "alice@example.com"
