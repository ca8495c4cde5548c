"""What a document batch and its chunks take, call and return."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, Field, StrictInt, StringConstraints, model_validator

from contracts.fields import RequestId
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.definition import Request
from orchestrator.toolkit.fault_plan import ALWAYS, NO_FAULTS, Fault, FaultPlan, every

CHUNK = "batch_chunk_workflow"
# How much of an error is reported; the rest is in the logs.
MAX_ERROR = 300

# As a RequestId, and short enough for "-1000" to make one of it.
DocumentPrefix = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,94}$")]


class DocumentClass(StrEnum):
    """The class of a document."""

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
    pause_ms: int = Field(default=0, description="The injected delay, in milliseconds")


class DocumentProcessed(BaseModel):
    """The part of a result that the workflow needs; the result itself is stored under the key."""

    document_class: DocumentClass | None = None
    words: int = 0
    error: str | None = Field(default=None, description="Why it could not be processed")


PROCESS_DOCUMENT = ActivityRef("process_document", ProcessDocument, DocumentProcessed)


class ClassTotal(BaseModel):
    """The totals of a class."""

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
    """The result of a chunk, or of several."""

    done: int = 0
    failed: int = 0
    classes: dict[DocumentClass, ClassTotal] = {}
    failures: list[Failure] = []

    def add(self, other: "ChunkResult", max_failures: int) -> None:
        """Add another result, and keep at most `max_failures` failures."""
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
    """The result of a batch; `GET /batches/{instance_id}/results` has that of each document."""

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
