"""Document batch: read, classify and summarise many documents, a few at a time."""

from collections import Counter
from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.lives import child_id, key_root
from orchestrator.toolkit.progress import report
from orchestrator.workflows.document_batch.chunk import chunk_workflow
from orchestrator.workflows.document_batch.models import (
    CHUNK,
    FAULTS,
    MAX_FAILURES,
    PROCESS_DOCUMENT,
    BatchOutcome,
    BatchRequest,
    BatchResult,
    Chunk,
    ChunkResult,
)
from orchestrator.workflows.document_batch.samples import SAMPLES


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
        child = child_id(ctx, f"chunk-{number}")
        _report(ctx, total, len(ids), f"{first + 1} to {first + len(documents)}", child)
        chunk = Chunk(
            batch=key_root(ctx),
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
    samples=SAMPLES,
    children={CHUNK: chunk_workflow},
)
