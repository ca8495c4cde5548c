"""Fan-out of a document batch over its chunks, and its result for each outcome."""

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import Run, execute
from orchestrator.testing.replay import replay
from orchestrator.toolkit.outage_wait import READ_OUTAGE_TERMS, OutageTerms
from orchestrator.toolkit.peer_errors import PeerUnavailable, PeerUnreachable
from orchestrator.workflows.document_batch.models import (
    MAX_FAILURES,
    PROCESS_DOCUMENT,
    BatchRequest,
    DocumentClass,
    DocumentProcessed,
    ProcessDocument,
)
from orchestrator.workflows.document_batch.workflow import DEFINITION


def processed(step: ProcessDocument) -> DocumentProcessed:
    if step.fails:
        return DocumentProcessed(error="injected failure")
    return DocumentProcessed(document_class=DocumentClass.LETTER, words=7)


def run(process: Any = processed, **request: Any) -> Run:
    request_ = BatchRequest(batch_id="1", **request)
    done = execute(DEFINITION, request_, {PROCESS_DOCUMENT: process})
    assert done.status is RuntimeStatus.COMPLETED, done.error
    assert done.progress[-1].step == done.output["status"]
    return done


def most_at_a_time(run: Run) -> int:
    """Return how many steps of a run were under way together at most."""
    under_way = most = 0
    for event in run.history:
        under_way += event.HasField("taskScheduled")
        under_way -= event.HasField("taskCompleted") or event.HasField("taskFailed")
        most = max(most, under_way)
    return most


def test_each_document_has_an_idempotency_key() -> None:
    done = run(documents=["a", "b"])
    [child] = done.children
    assert child.instance_id == "batch-1:chunk-1"
    assert child.inputs(PROCESS_DOCUMENT) == [
        {"key": "batch-1:0", "document_id": "a", "fails": False, "pause_ms": 0},
        {"key": "batch-1:1", "document_id": "b", "fails": False, "pause_ms": 0},
    ]
    assert done.output["status"] == "completed"
    assert done.output["classes"] == {"letter": {"documents": 2, "words": 14}}
    assert done.progress[-1].details == {"done": 2, "failed": 0, "of": 2}


@pytest.mark.parametrize(("parallelism", "chunks"), [(1, 3), (10, 3), (15, 2), (25, 2), (50, 2)])
def test_at_most_parallelism_documents_are_under_way(parallelism: int, chunks: int) -> None:
    done = run(prefix="d", count=60, parallelism=parallelism)
    assert [child.instance_id for child in done.children] == [
        f"batch-1:chunk-{number}" for number in range(1, chunks + 1)
    ]
    assert {most_at_a_time(child) for child in done.children[:-1]} == {parallelism}
    keys = [step["key"] for child in done.children for step in child.inputs(PROCESS_DOCUMENT)]
    assert keys == [f"batch-1:{index}" for index in range(60)]


def test_an_outage_of_the_model_is_waited_for_and_every_document_is_done() -> None:
    tried: Counter[str] = Counter()

    def process(step: ProcessDocument) -> DocumentProcessed:
        tried[step.key] += 1
        # It is away from the fourth document on, and for five attempts at each.
        if step.document_id >= "d-4" and tried[step.key] <= 5:
            raise PeerUnreachable("language model", "503 overloaded")
        return processed(step)

    done = run(process, prefix="d", count=9, parallelism=3)
    assert (done.output["status"], done.output["done"]) == ("completed", 9)
    assert set(tried) == {f"batch-1:{index}" for index in range(9)}
    [chunk] = done.children
    assert len({wait.instance_id for wait in chunk.children}) == 6
    replay([DEFINITION], chunk.instance_id, chunk.history)


def test_a_model_that_refuses_fails_that_document_alone() -> None:
    failures: dict[str, Exception] = {
        "d-2": NonRetryableError("The language model refuses: 401 no key"),
        "d-3": PeerUnavailable("The language model answered 500 a bug"),
    }

    def process(step: ProcessDocument) -> DocumentProcessed:
        if failure := failures.get(step.document_id):
            raise failure
        return processed(step)

    done = run(process, prefix="d", count=4, parallelism=2)
    assert (done.output["status"], done.output["failed"]) == ("partial", 2)
    assert [failure["error"] for failure in done.output["failures"]] == [
        str(failure) for failure in failures.values()
    ]


def test_an_outage_that_lasts_too_long_fails_the_document() -> None:
    def process(step: ProcessDocument) -> DocumentProcessed:
        raise PeerUnreachable("language model", "ConnectError")

    terms = OutageTerms(wait_seconds=60, longest_pause_seconds=60)
    request = BatchRequest(batch_id="1", documents=["a"])
    stubs = {PROCESS_DOCUMENT: process, READ_OUTAGE_TERMS: lambda _: terms}
    done = execute(DEFINITION, request, stubs)
    assert done.output["status"] == "failed"
    [failure] = done.output["failures"]
    assert failure["error"].startswith("language model unreachable: ConnectError (7 attempts")


def test_progress_is_reported_with_its_figures() -> None:
    done = run(prefix="d", count=100, simulate="document_fails")
    reported = [(p.details["done"], p.details["failed"], p.details["of"]) for p in done.progress]
    assert reported == [(0, 0, 100), *((16 * n, 4 * n, 100) for n in range(1, 6))]
    assert done.progress[2].message == "Processing documents 41 to 60 of 100"
    assert done.progress[2].details["chunk"] == "batch-1:chunk-3"
    assert done.children[2].progress[-1].details == {"done": 16, "failed": 4, "of": 20}


def test_an_injected_failure_fails_every_fifth_document() -> None:
    done = run(prefix="d", count=12, simulate="document_fails")
    assert (done.output["status"], done.output["done"], done.output["failed"]) == ("partial", 10, 2)
    assert done.output["failures"] == [
        {"index": 4, "document_id": "d-5", "error": "injected failure"},
        {"index": 9, "document_id": "d-10", "error": "injected failure"},
    ]


def test_a_step_that_fails_permanently_fails_its_document_alone() -> None:
    def process(step: ProcessDocument) -> DocumentProcessed:
        if step.document_id == "d-3":
            raise RuntimeError("the model is unavailable " + "x" * 1000)
        return processed(step)

    done = run(process, prefix="d", count=30)
    assert (done.output["status"], done.output["done"], done.output["failed"]) == ("partial", 29, 1)
    [failure] = done.output["failures"]
    assert failure["document_id"] == "d-3"
    assert failure["error"].startswith("the model is unavailable")
    assert len(failure["error"]) <= 300
    steps = done.children[0].inputs(PROCESS_DOCUMENT)
    assert len([step for step in steps if step["document_id"] == "d-3"]) == 3


def test_a_step_that_fails_once_is_retried() -> None:
    tried: list[str] = []

    def process(step: ProcessDocument) -> DocumentProcessed:
        tried.append(step.key)
        if tried.count(step.key) == 1 and step.key == "batch-1:1":
            raise RuntimeError("not now")
        return processed(step)

    done = run(process, documents=["a", "b", "c"])
    assert done.output["status"] == "completed"
    assert sorted(tried) == ["batch-1:0", "batch-1:1", "batch-1:1", "batch-1:2"]


def test_a_batch_whose_documents_all_fail_has_a_small_history() -> None:
    def fail(step: ProcessDocument) -> DocumentProcessed:
        return DocumentProcessed(error="e" * 300)

    done = run(fail, prefix="d", count=100, parallelism=50)
    assert (done.output["status"], done.output["failed"]) == ("failed", 100)
    assert [f["index"] for f in done.output["failures"]] == list(range(MAX_FAILURES))
    # Dapr's limit is 4 MiB. A thousand documents are ten times these two chunks.
    assert sum(event.ByteSize() for event in done.history) * 10 < 500_000
    assert max(sum(e.ByteSize() for e in child.history) for child in done.children) < 100_000


def test_a_document_that_is_named_twice_rejects_the_batch() -> None:
    done = run(documents=["a", "b", "a"])
    assert (done.output["status"], done.output["documents"]) == ("rejected", 3)
    assert done.output["message"] == "Document a is named more than once"
    assert done.children == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"documents": ["a"], "prefix": "a", "count": 1},
        {"documents": ["a"], "count": 1},
        {"prefix": "a"},
        {"count": 1},
        {"prefix": "a", "count": 0},
        {"prefix": "a" * 96, "count": 1},
        {"documents": ["a"], "parallelism": 0},
    ],
)
def test_a_malformed_batch_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BatchRequest.model_validate({"batch_id": "1", **wrong})


def test_the_history_replays() -> None:
    done = run(prefix="d", count=45, simulate="document_fails")
    for one in (done, *done.children):
        replay([DEFINITION], one.instance_id, one.history)


def test_the_samples_are_valid() -> None:
    for sample in DEFINITION.samples.values():
        BatchRequest.model_validate(sample.request)
