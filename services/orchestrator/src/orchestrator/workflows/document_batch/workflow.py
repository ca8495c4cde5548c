"""Document batch: read, classify and summarise many documents, a few at a time."""

from collections import Counter
from collections.abc import Generator
from enum import StrEnum
from typing import Any, Self

from dapr.ext.workflow import DaprWorkflowContext
from pydantic import BaseModel, Field, StrictInt, model_validator

from contracts.fields import RequestId
from contracts.orchestrator import Sample
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition, Request
from orchestrator.toolkit.fault_plan import ALWAYS, NO_FAULTS, Fault, FaultPlan, every
from orchestrator.toolkit.progress import report
from orchestrator.workflows.document_batch.chunk import (
    CHUNK,
    PROCESS_DOCUMENT,
    Chunk,
    ChunkResult,
    ClassTotal,
    DocumentClass,
    DocumentPrefix,
    Failure,
    chunk_workflow,
)

MAX_DOCUMENTS = 1000
MAX_NAMED = 200
# A chunk is long enough for its window to slide, and short enough for its history to stay small
# and the batch's progress to show.
SMALLEST_CHUNK, LARGEST_CHUNK = 20, 50
# A batch in which everything fails must not be larger than one in which nothing does.
MAX_FAILURES = 20


class BatchFault(StrEnum):
    """The failures and delays that a request can inject."""

    DOCUMENT_FAILS = "document_fails"
    SLOW = "slow"


FAULTS = {
    None: NO_FAULTS,
    BatchFault.DOCUMENT_FAILS: FaultPlan(
        {PROCESS_DOCUMENT: Fault(failures=ALWAYS, calls=every(5))}
    ),
    BatchFault.SLOW: FaultPlan({PROCESS_DOCUMENT: Fault(delay_ms=200)}),
}


class BatchRequest(Request):
    """Documents, by id: each is uploaded by `PUT /documents/{document_id}`, or a sample."""

    batch_id: RequestId = Field(description="Your name for the batch")
    documents: list[RequestId] = Field(
        default=[], max_length=MAX_NAMED, description="Ids of documents; else `prefix` and `count`"
    )
    prefix: DocumentPrefix | None = Field(
        default=None, description="For many: the documents `<prefix>-1` to `<prefix>-<count>`"
    )
    count: StrictInt | None = Field(default=None, ge=1, le=MAX_DOCUMENTS)
    parallelism: StrictInt = Field(
        default=10, ge=1, le=50, description="How many documents are processed at a time"
    )
    simulate: BatchFault | None = Field(
        default=None,
        description="An injected failure of every 5th document, or a delay of 0.2 s of each",
    )

    @model_validator(mode="after")
    def _named_in_one_way(self) -> Self:
        if (self.prefix is None) != (self.count is None):
            raise ValueError("prefix and count belong together")
        if bool(self.documents) == (self.prefix is not None):
            raise ValueError("give either documents, or prefix and count")
        return self

    def ids(self) -> list[str]:
        """Return the ids of the documents, in order."""
        if self.prefix is None or self.count is None:
            return list(self.documents)
        return [f"{self.prefix}-{number}" for number in range(1, self.count + 1)]

    def chunk_size(self) -> int:
        """Return how many documents a child workflow gets."""
        return max(SMALLEST_CHUNK, min(2 * self.parallelism, LARGEST_CHUNK))


class BatchOutcome(StrEnum):
    """How a batch ended."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    REJECTED = "rejected"


class BatchResult(BaseModel):
    """What came of a batch; `GET /batches/{instance_id}/results` has what came of each document."""

    batch_id: RequestId
    status: BatchOutcome = Field(
        description="`partial`: some documents failed; `failed`: all did; `rejected`: none was read"
    )
    message: str
    documents: int
    done: int = 0
    failed: int = 0
    classes: dict[DocumentClass, ClassTotal] = Field(default={}, description="By class")
    failures: list[Failure] = Field(
        default=[], description=f"The first {MAX_FAILURES} documents that failed"
    )


def batch_workflow(
    ctx: DaprWorkflowContext, request: BatchRequest
) -> Generator[Task[Any], Any, BatchResult]:
    """Give the documents to child workflows, one chunk after the other, and add up.

    A child has a history of its own: so a batch's history grows by the chunk, and not by the
    document, and a crash repeats nothing but what was being processed.
    """
    ids = request.ids()
    total = ChunkResult()
    twice = [document for document, times in Counter(ids).items() if times > 1]
    if twice:
        message = f"Document {twice[0]} is named more than once"
        return _ended(ctx, request, BatchOutcome.REJECTED, message, total)

    size = request.chunk_size()
    fault = FAULTS[request.simulate].at(PROCESS_DOCUMENT)
    for number, first in enumerate(range(0, len(ids), size), 1):
        documents = ids[first : first + size]
        child = f"{ctx.instance_id}-chunk-{number}"
        _report(ctx, total, len(ids), f"{first + 1} to {first + len(documents)}", child)
        chunk = Chunk(
            batch=ctx.instance_id,
            first=first,
            documents=documents,
            parallelism=request.parallelism,
            fail_every=fault.calls.step if fault.failures else 0,
            pause_ms=fault.delay_ms,
        )
        result = yield ctx.call_child_workflow(CHUNK, input=chunk, instance_id=child)
        total.add(ChunkResult.model_validate(result), MAX_FAILURES)

    if not total.failed:
        outcome, message = BatchOutcome.COMPLETED, f"All {len(ids)} documents are done"
    elif total.done:
        outcome, message = BatchOutcome.PARTIAL, f"{total.failed} of {len(ids)} documents failed"
    else:
        outcome, message = BatchOutcome.FAILED, f"All {len(ids)} documents failed"
    return _ended(ctx, request, outcome, message, total)


def _report(ctx: DaprWorkflowContext, total: ChunkResult, of: int, which: str, child: str) -> None:
    details = {"done": total.done, "failed": total.failed, "of": of, "chunk": child}
    report(ctx, CHUNK, f"Processing documents {which} of {of}", details=details)


def _ended(
    ctx: DaprWorkflowContext,
    request: BatchRequest,
    outcome: BatchOutcome,
    message: str,
    total: ChunkResult,
) -> BatchResult:
    of = len(request.ids())
    details = {"done": total.done, "failed": total.failed, "of": of}
    report(ctx, outcome, message, details=details)
    return BatchResult(
        batch_id=request.batch_id,
        status=outcome,
        message=message,
        documents=of,
        done=total.done,
        failed=total.failed,
        classes=total.classes,
        failures=total.failures,
    )


DEFINITION = Definition(
    name="batch",
    workflow_name="batch_workflow",
    workflow=batch_workflow,
    input=BatchRequest,
    output=BatchResult,
    id_field="batch_id",
    title="Document batch",
    description="Reads, classifies and summarises up to 1,000 documents, a bounded number at a "
    "time. A document that fails is that document's failure alone, and a crash repeats only what "
    "was being processed. Upload documents by `PUT /documents/{document_id}`, or use the samples: "
    "`sample-invoice`, `sample-contract`, `sample-report`, `sample-letter`, `sample-minutes`, "
    "`sample-newsletter`, and `sample-1` to `sample-1000`, which are these in turn.",
    path="/batches",
    search_fields=("prefix", "documents"),
    samples={
        "completed": Sample(
            summary="A document of each class",
            request={
                "batch_id": "1",
                "documents": [
                    "sample-invoice",
                    "sample-contract",
                    "sample-report",
                    "sample-letter",
                    "sample-minutes",
                ],
            },
        ),
        "hundred": Sample(
            summary="A hundred documents, slowed down so that the progress can be watched",
            request={"batch_id": "2", "prefix": "sample", "count": 100, "simulate": "slow"},
        ),
        "partial": Sample(
            summary="Every 5th document fails, and the others are done",
            request={
                "batch_id": "3",
                "prefix": "sample",
                "count": 12,
                "simulate": "document_fails",
            },
        ),
        "failed": Sample(
            summary="A document that is not there",
            request={"batch_id": "4", "documents": ["nowhere-to-be-found"]},
        ),
        "rejected": Sample(
            summary="A document that is named twice: nothing is processed",
            request={"batch_id": "5", "documents": ["sample-invoice", "sample-invoice"]},
        ),
    },
    children={CHUNK: chunk_workflow},
)
