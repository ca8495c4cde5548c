"""The library stores a document once under its id, and has the samples of the package."""

import contextlib

import pytest

from orchestrator.workflows.document_batch.adapters.library import Document, Library, samples
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore


async def test_a_document_is_stored_once() -> None:
    library = Library(MemoryStateStore())
    mine, other = Document(text="Mine."), Document(text="Another.")
    assert await library.put("a", mine) == (mine, True)
    assert await library.put("a", mine) == (mine, False)
    assert await library.put("a", other) == (mine, False)
    assert await library.get("a") == mine
    assert await library.get("b") is None


@pytest.mark.parametrize("lands", [True, False])
async def test_an_upload_that_crashed_can_be_repeated(lands: bool) -> None:
    store, mine = MemoryStateStore(), Document(text="Mine.")
    store.writes_until_crash, store.crash_lands = 0, lands
    with contextlib.suppress(StoreUnavailable):
        await Library(store).put("a", mine)
    assert await Library(store).put("a", mine) == (mine, not lands)


async def test_samples_are_found_by_name_and_by_number() -> None:
    library = Library(MemoryStateStore())
    assert await library.get("sample-letter") == samples()["letter"]
    assert await library.get("sample-1") == await library.get("sample-7") is not None
    assert await library.get("sample-1") != await library.get("sample-2")
    for unknown in ("sample-0", "sample-01", "sample-x", "sample-"):
        assert await library.get(unknown) is None
        assert await library.put(unknown, Document(text="Mine.")) == (None, False)
