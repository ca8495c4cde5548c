"""The first phase of an onboarding: the documents, their order and their time limit."""

from datetime import timedelta

from orchestrator.toolkit.messages import CLOSE_WAIT
from orchestrator.workflows.onboarding.models import DELETE_DOCUMENT, KEEP_DOCUMENT
from workflows.onboarding.world import (
    DAY,
    DOCUMENTS,
    HOUR,
    SORRY,
    compensated,
    document,
    fails,
    identity,
    notified,
    outcome,
    run,
)


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


def test_a_failed_record_of_a_document_is_deleted() -> None:
    done = run(*DOCUMENTS, **{KEEP_DOCUMENT: fails})
    assert outcome(done) == "failed"
    assert compensated(done) == [DELETE_DOCUMENT]
