"""The documents of batches, and the result of each."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, status
from pydantic import BaseModel, Field

from contracts.fields import QueryInteger, RequestId
from contracts.problems import ProblemType
from orchestrator.api.deps import EngineDep, StoreDep, UploadDep, WorkflowSettingsDep
from orchestrator.api.params import InstanceId
from orchestrator.engine.problems import not_begun
from orchestrator.toolkit.lives import life_of, root_of
from orchestrator.workflows.document_batch.adapters.library import Document, Library
from orchestrator.workflows.document_batch.adapters.results import ResultRecord, Results
from orchestrator.workflows.document_batch.models import MAX_DOCUMENTS, BatchRequest, DocumentClass
from orchestrator.workflows.document_batch.settings import DocumentBatchSettings
from orchestrator.workflows.document_batch.workflow import DEFINITION
from servicekit.params import Limit
from servicekit.problems import ProblemError, problem_responses

DocumentId = Annotated[
    RequestId, Path(description="Your name for the document", examples=["sample-invoice"])
]


class DocumentKept(BaseModel):
    """The answer to an upload."""

    document_id: str


class DocumentStatus(StrEnum):
    """The status of a document."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class DocumentResult(BaseModel):
    """The result of a document."""

    index: int = Field(description="The document's place in the batch, from 0")
    document_id: str
    status: DocumentStatus = Field(
        description="`pending`: not begun, under way, or about to be retried"
    )
    attempts: int = Field(description="How often processing it began")
    document_class: DocumentClass | None = None
    words: int = 0
    summary: str = ""
    error: str | None = None


class ResultPage(BaseModel):
    """Some of a batch's results, in the order of its documents."""

    items: list[DocumentResult]
    next: int | None = Field(description="`start` of the next page; null at the end")


router = APIRouter(tags=[DEFINITION.title])


async def _library(store: StoreDep, settings: WorkflowSettingsDep) -> Library:
    return Library(store, settings.of(DocumentBatchSettings).documents_quota)


LibraryDep = Annotated[Library, Depends(_library)]


@router.put(
    "/documents/{document_id}",
    summary="Upload a document",
    description="The same document again changes nothing; another one under the id is refused. "
    "Ids that begin with `sample-` are reserved.",
    status_code=status.HTTP_201_CREATED,
    responses={
        200: {"model": DocumentKept, "description": "The document was there before"},
        **problem_responses(ProblemType.KEY_REUSED, ProblemType.TOO_MANY_REQUESTS),
    },
)
async def put_document(
    document_id: DocumentId,
    document: Document,
    response: Response,
    library: LibraryDep,
    upload: UploadDep,
) -> DocumentKept:
    """Store a document under an id."""
    await upload.admit()
    kept, now = await library.put(document_id, document)
    if kept != document:
        raise ProblemError(ProblemType.KEY_REUSED, f"{document_id} is the id of another document")
    if not now:
        response.status_code = status.HTTP_200_OK
    return DocumentKept(document_id=document_id)


@router.get(
    "/documents/{document_id}",
    summary="Read a document",
    responses=problem_responses(ProblemType.NOT_FOUND),
)
async def get_document(document_id: DocumentId, library: LibraryDep) -> Document:
    """Return a document."""
    document = await library.get(document_id)
    if document is None:
        raise ProblemError(ProblemType.NOT_FOUND, f"There is no document {document_id}")
    return document


@router.delete(
    "/documents/{document_id}",
    summary="Delete a document",
    description="The results of batches stay. A batch that has not processed it yet finds none. "
    "Samples stay, too.",
    status_code=status.HTTP_204_NO_CONTENT,
)
async def delete_document(document_id: DocumentId, library: LibraryDep) -> None:
    """Delete a document, if there is one."""
    await library.delete(document_id)


@router.get(
    f"{DEFINITION.path}/{{instance_id}}/results",
    summary="List the results",
    responses=problem_responses(ProblemType.NOT_FOUND),
)
async def batch_results(
    instance_id: InstanceId,
    engine: EngineDep,
    store: StoreDep,
    start: Annotated[QueryInteger, Query(ge=0, le=MAX_DOCUMENTS, description="Where to begin")] = 0,
    limit: Limit = 50,
) -> ResultPage:
    """Return the results of a document batch, a page at a time."""
    state = await engine.state_of(instance_id, DEFINITION)
    if state.input is None:
        raise not_begun(instance_id)
    ids = BatchRequest.model_validate_json(state.input, extra="ignore").ids()
    root = root_of(instance_id, life_of(state.input))
    indexes = range(len(ids))[start : start + limit]
    records = await Results(store).read([f"{root}:{i}" for i in indexes])
    return ResultPage(
        items=[
            _shown(index, ids[index], record, ended=state.terminal)
            for index, record in zip(indexes, records, strict=True)
        ],
        next=start + limit if start + limit < len(ids) else None,
    )


def _shown(
    index: int, document_id: str, record: ResultRecord | None, *, ended: bool
) -> DocumentResult:
    if record is None:
        record = ResultRecord(document_id=document_id)
    if record.result is None:
        # Nothing is retried once the batch has ended.
        return DocumentResult(
            index=index,
            document_id=document_id,
            status=DocumentStatus.FAILED if ended else DocumentStatus.PENDING,
            attempts=record.attempts,
            error=record.last_error or ("It was not processed" if ended else None),
        )
    return DocumentResult(
        index=index,
        document_id=document_id,
        status=DocumentStatus.FAILED if record.result.error else DocumentStatus.DONE,
        attempts=record.attempts,
        **record.result.model_dump(),
    )
