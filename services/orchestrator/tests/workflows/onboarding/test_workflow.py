"""The onboarding of a customer, for each way that it can end."""

from datetime import UTC, datetime

import pytest

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.testing.environment import Stub
from orchestrator.testing.people import sent
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
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
)
from workflows.onboarding.world import (
    DOCUMENTS,
    HOUR,
    SORRY,
    TO_VERIFIER,
    WELCOME,
    compensated,
    fails,
    identity,
    notified,
    outcome,
    run,
    terms,
)


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
