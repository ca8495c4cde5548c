"""A chunk of a document batch: a child workflow that has a window slide over its documents."""

from collections.abc import Generator
from enum import StrEnum
from typing import Annotated, Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError, when_any
from pydantic import BaseModel, Field, StringConstraints

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import RETRY

CHUNK = "batch_chunk_workflow"
PROCESS_DOCUMENT = "process_document"
# What is told of an error; the rest is in the logs.
MAX_ERROR = 300

# As a RequestId, and short enough for "-1000" to make one of it.
DocumentPrefix = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,94}$")]


class DocumentClass(StrEnum):
    """What a document is."""

    INVOICE = "invoice"
    CONTRACT = "contract"
    REPORT = "report"
    LETTER = "letter"
    OTHER = "other"


class ProcessDocument(BaseModel):
    """Read, classify and summarise a document."""

    key: str = Field(description="Names the result: the batch's instance and the document's index")
    document_id: str
    fails: bool = Field(default=False, description="Whether it fails permanently, by injection")
    pause_ms: int = Field(default=0, description="How many milliseconds longer it is to take")


class DocumentProcessed(BaseModel):
    """What the workflow needs to know of a result, which itself is kept under the key."""

    document_class: DocumentClass | None = None
    words: int = 0
    error: str | None = Field(default=None, description="Why it could not be processed")


class ClassTotal(BaseModel):
    """What the documents of a class add up to."""

    documents: int = 0
    words: int = 0


class Failure(BaseModel):
    """A document that failed."""

    index: int = Field(description="The document's place in the batch, from 0")
    document_id: str
    error: str


class Chunk(BaseModel):
    """Some documents of a batch."""

    batch: str = Field(description="The batch's instance")
    first: int = Field(description="The place in the batch of the first document")
    documents: list[str]
    parallelism: int
    fail_every: int = Field(
        default=0, description="Each nth document fails by injection; 0 for none"
    )
    pause_ms: int = 0


class ChunkResult(BaseModel):
    """What came of a chunk, or of several."""

    done: int = 0
    failed: int = 0
    classes: dict[DocumentClass, ClassTotal] = {}
    failures: list[Failure] = []

    def add(self, other: "ChunkResult", max_failures: int) -> None:
        """Add another, and keep no more than so many failures."""
        self.done += other.done
        self.failed += other.failed
        for name, total in other.classes.items():
            mine = self.classes.setdefault(name, ClassTotal())
            mine.documents += total.documents
            mine.words += total.words
        self.failures = [*self.failures, *other.failures][:max_failures]

    def count(self, processed: DocumentProcessed) -> None:
        """Count a document that was processed."""
        total = self.classes.setdefault(
            processed.document_class or DocumentClass.OTHER, ClassTotal()
        )
        self.done += 1
        total.documents += 1
        total.words += processed.words


def chunk_workflow(
    ctx: DaprWorkflowContext, chunk: Chunk
) -> Generator[Task[Any], Any, ChunkResult]:
    """Process the documents, `parallelism` at a time: as one ends, the next begins.

    A document that fails, for whatever reason, is counted, and the others go on.
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
            processed = DocumentProcessed.model_validate(task.get_result())
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
    task: Task[Any] = ctx.call_activity(PROCESS_DOCUMENT, input=step, retry_policy=RETRY)
    return task
