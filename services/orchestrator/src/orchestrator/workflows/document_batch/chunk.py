"""A chunk of a document batch: a child workflow with a sliding window over its documents."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError, when_any

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.outage import ActivityCall
from orchestrator.toolkit.progress import report
from orchestrator.workflows.document_batch.models import (
    MAX_ERROR,
    PROCESS_DOCUMENT,
    Chunk,
    ChunkResult,
    Failure,
    ProcessDocument,
)


@dataclass(frozen=True)
class _Document:
    index: int
    document_id: str
    call: ActivityCall


def chunk_workflow(
    ctx: DaprWorkflowContext, chunk: Chunk
) -> Generator[Task[Any], Any, ChunkResult]:
    """Process the documents, `parallelism` at a time: as one ends, the next begins.

    A document that fails is counted, and the others go on. One whose language model is away keeps
    its place until that is back.
    """
    result = ChunkResult()
    waiting = list(enumerate(chunk.documents, chunk.first))
    pending: dict[Task[Any], _Document] = {}
    while waiting or pending:
        while waiting and len(pending) < chunk.parallelism:
            index, document_id = waiting.pop(0)
            call = _process(ctx, chunk, index, document_id)
            pending[call.task] = _Document(index, document_id, call)
        task = yield when_any(list(pending))
        document = pending.pop(task)
        error: str | None
        try:
            processed = PROCESS_DOCUMENT.parse(document.call.result(task))
            error = processed.error
        except TaskFailedError as failed:
            wait = document.call.following(task, failed)
            if wait is not None:
                pending[wait] = document
                continue
            error = failed.details.message
        if error is None:
            result.count(processed)
        else:
            result.failed += 1
            result.failures.append(
                Failure(
                    index=document.index,
                    document_id=document.document_id,
                    error=error[:MAX_ERROR],
                )
            )
        details = {"done": result.done, "failed": result.failed, "of": len(chunk.documents)}
        report(ctx, PROCESS_DOCUMENT, "Processing documents", details=details)
    result.failures.sort(key=lambda failure: failure.index)
    return result


def _process(ctx: DaprWorkflowContext, chunk: Chunk, index: int, document_id: str) -> ActivityCall:
    step = ProcessDocument(
        key=f"{chunk.batch}:{index}",
        document_id=document_id,
        fails=chunk.fail_every > 0 and (index + 1) % chunk.fail_every == 0,
        pause_ms=chunk.pause_ms,
    )
    return PROCESS_DOCUMENT.begin(ctx, step)
