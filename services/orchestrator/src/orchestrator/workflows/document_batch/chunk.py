"""A chunk of a document batch: a child workflow with a sliding window over its documents."""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError, when_any

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.progress import report
from orchestrator.workflows.document_batch.models import (
    MAX_ERROR,
    PROCESS_DOCUMENT,
    Chunk,
    ChunkResult,
    Failure,
    ProcessDocument,
)


def chunk_workflow(
    ctx: DaprWorkflowContext, chunk: Chunk
) -> Generator[Task[Any], Any, ChunkResult]:
    """Process the documents, `parallelism` at a time: as one ends, the next begins.

    A document that fails is counted, and the others go on.
    """
    result = ChunkResult()
    waiting = list(enumerate(chunk.documents, chunk.first))
    pending: dict[Task[Any], tuple[int, str]] = {}
    while waiting or pending:
        while waiting and len(pending) < chunk.parallelism:
            index, document_id = waiting.pop(0)
            pending[_process(ctx, chunk, index, document_id)] = (index, document_id)
        task = yield when_any(list(pending))
        index, document_id = pending.pop(task)
        error: str | None
        try:
            processed = PROCESS_DOCUMENT.parse(task.get_result())
            error = processed.error
        except TaskFailedError as failed:
            error = failed.details.message
        if error is None:
            result.count(processed)
        else:
            result.failed += 1
            result.failures.append(
                Failure(index=index, document_id=document_id, error=error[:MAX_ERROR])
            )
        details = {"done": result.done, "failed": result.failed, "of": len(chunk.documents)}
        report(ctx, PROCESS_DOCUMENT, "Processing documents", details=details)
    result.failures.sort(key=lambda failure: failure.index)
    return result


def _process(ctx: DaprWorkflowContext, chunk: Chunk, index: int, document_id: str) -> Task[Any]:
    step = ProcessDocument(
        key=f"{chunk.batch}:{index}",
        document_id=document_id,
        fails=chunk.fail_every > 0 and (index + 1) % chunk.fail_every == 0,
        pause_ms=chunk.pause_ms,
    )
    return PROCESS_DOCUMENT.schedule(ctx, step)
