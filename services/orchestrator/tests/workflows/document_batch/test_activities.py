"""A document is processed once, across crashes, repeats and concurrent deliveries."""

import asyncio
import contextlib
from typing import Any

import httpx
import pytest

from orchestrator.testing.dependencies import activity_dependencies
from orchestrator.toolkit.language.settings import LanguageSettings
from orchestrator.toolkit.peer_errors import PeerUnreachable
from orchestrator.workflows.document_batch.activities import activities
from orchestrator.workflows.document_batch.adapters.library import Document, Library, MediaType
from orchestrator.workflows.document_batch.adapters.results import ResultRecord, Results
from orchestrator.workflows.document_batch.models import (
    PROCESS_DOCUMENT,
    DocumentClass,
    DocumentProcessed,
    ProcessDocument,
)
from orchestrator.workflows.document_batch.settings import DocumentBatchSettings
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore

LETTER = Document(text="Dear Ada,\n\nthe bridge over the old river is open.\n\nKind regards")
Data = dict[str, tuple[str, str]]


def worker(store: MemoryStateStore, web: httpx.AsyncClient | None = None, **language: Any) -> Any:
    """Return the activity, over a store, as a process of its own would have it."""
    dependencies = activity_dependencies(
        DocumentBatchSettings(), LanguageSettings(**language), store=store, http=web
    )
    activity = activities(dependencies)[PROCESS_DOCUMENT]
    return lambda step: activity(None, step)


async def record(store: MemoryStateStore, key: str = "batch-1:0") -> ResultRecord:
    [found] = await Results(MemoryStateStore(store.data)).read([key])
    assert found is not None
    return found


@pytest.fixture
async def store() -> MemoryStateStore:
    store = MemoryStateStore()
    await Library(store).put("letter", LETTER)
    return store


STEP = ProcessDocument(key="batch-1:0", document_id="letter")


async def test_a_document_is_classified_and_summarised(store: MemoryStateStore) -> None:
    done = await worker(store)(STEP)
    assert done == DocumentProcessed(document_class=DocumentClass.LETTER, words=12)
    kept = await record(store)
    assert kept.attempts == 1
    assert kept.result is not None
    assert kept.result.summary == "Dear Ada, the bridge over the old river is open." or (
        kept.result.summary == "the bridge over the old river is open."
    )


async def test_a_repeated_step_is_not_processed_again(store: MemoryStateStore) -> None:
    first = await worker(store)(STEP)
    assert await worker(store)(STEP) == first
    assert (await record(store)).attempts == 1


async def test_of_concurrent_deliveries_one_does_the_work(store: MemoryStateStore) -> None:
    process = worker(store)
    answers = await asyncio.gather(*(process(STEP) for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)
    assert (await record(store)).attempts == 1


async def test_two_processes_store_one_result(store: MemoryStateStore) -> None:
    processes = [worker(MemoryStateStore(store.data)) for _ in range(2)]
    one, other = await asyncio.gather(*(process(STEP) for process in processes))
    assert one == other
    assert (await record(store)).attempts <= 2


@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("crash", range(2))
async def test_a_step_is_completed_after_a_crash_at_any_write(
    store: MemoryStateStore, crash: int, lands: bool
) -> None:
    dying = MemoryStateStore(store.data)
    dying.writes_until_crash, dying.crash_lands = crash, lands
    with contextlib.suppress(StoreUnavailable):
        await worker(dying)(STEP)
    again = await worker(store)(STEP)
    assert again.document_class is DocumentClass.LETTER
    kept = await record(store)
    assert kept.result is not None
    assert kept.result.document_class is DocumentClass.LETTER
    # Where the result landed, and the crash only hid it, nothing was processed again.
    assert kept.attempts == (1 if (crash, lands) in {(1, True), (0, False)} else 2)


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (ProcessDocument(key="batch-1:0", document_id="none"), "There is no document none"),
        (ProcessDocument(key="batch-1:0", document_id="empty"), "Document empty has no text"),
        (
            ProcessDocument(key="batch-1:0", document_id="letter", fails=True),
            "injected failure: document letter",
        ),
    ],
)
async def test_a_document_that_cannot_be_processed_is_a_result(
    store: MemoryStateStore, step: ProcessDocument, error: str
) -> None:
    empty = Document(media_type=MediaType.HTML, text="<style>p {}</style><p> </p>")
    await Library(store).put("empty", empty)
    assert await worker(store)(step) == DocumentProcessed(error=error)
    assert (await record(store)).result is not None


async def test_a_model_that_is_unavailable_is_retried_and_a_refusal_is_not(
    store: MemoryStateStore,
) -> None:
    statuses = [503, 400]
    transport = httpx.MockTransport(lambda _: httpx.Response(statuses.pop(0)))
    web = httpx.AsyncClient(transport=transport)
    model = {"language_url": "http://model.test/v1", "language_model": "m"}
    process = worker(store, web, **model)
    with pytest.raises(PeerUnreachable):
        await process(STEP)
    kept = await record(store)
    assert (kept.attempts, kept.result) == (1, None)
    assert "503" in (kept.last_error or "")

    done = await process(STEP)
    assert "400" in (done.error or "")
    assert (await record(store)).attempts == 2


async def test_a_result_of_another_document_is_replaced(
    store: MemoryStateStore,
) -> None:
    await worker(store)(STEP)
    other = ProcessDocument(key=STEP.key, document_id="sample-report")
    assert (await worker(store)(other)).document_class is DocumentClass.REPORT
