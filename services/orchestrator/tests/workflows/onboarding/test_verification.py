"""The second phase of an onboarding: the verifier, reminders, decision and time limit."""

from datetime import timedelta
from itertools import pairwise

from orchestrator.testing.environment import Send
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
    AssignTaskResult,
)
from orchestrator.workflows.onboarding.models import DELETE_DOCUMENT, VALIDATE_ONBOARDING
from orchestrator.workflows.onboarding.verification import MAX_REMINDERS
from workflows.onboarding.world import (
    DAY,
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
    assert (
        len([key for key, _ in notified(done) if key.startswith("remind")]) == MAX_REMINDERS == 20
    )
    # They are spread over the whole time.
    sent = [call.at for call in done.calls if ":remind-" in call.input.get("key", "")]
    whole = timedelta(days=2)
    begun = timedelta(seconds=20)
    pauses = {later - earlier for earlier, later in pairwise([begun, *sent, begun + whole])}
    assert max(pauses) - min(pauses) < timedelta(seconds=1)


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
