"""The library stores a document once under its id, and has the samples of the package."""

import contextlib

import pytest

from contracts.problems import ProblemType
from orchestrator.workflows.document_batch.adapters.library import Document, Library, samples
from servicekit.problems import ProblemError
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


# Its id is listed first, and then it is stored.
@pytest.mark.parametrize("writes", [0, 1])
@pytest.mark.parametrize("lands", [True, False])
async def test_an_upload_that_crashed_can_be_repeated(lands: bool, writes: int) -> None:
    store, mine = MemoryStateStore(), Document(text="Mine.")
    store.writes_until_crash, store.crash_lands = writes, lands
    with contextlib.suppress(StoreUnavailable):
        await Library(store).put("a", mine)
    assert await Library(store).put("a", mine) == (mine, writes == 0 or not lands)


async def test_samples_are_found_by_name_and_by_number() -> None:
    library = Library(MemoryStateStore())
    assert await library.get("sample-letter") == samples()["letter"]
    assert await library.get("sample-1") == await library.get("sample-7") is not None
    assert await library.get("sample-1") != await library.get("sample-2")
    for unknown in ("sample-0", "sample-01", "sample-x", "sample-"):
        assert await library.get(unknown) is None
        assert await library.put(unknown, Document(text="Mine.")) == (None, False)


async def test_documents_have_a_quota_and_can_be_deleted() -> None:
    store = MemoryStateStore()
    library = Library(store, quota=2)
    for name in ("a", "b", "a"):
        await library.put(name, Document(text=name))
    with pytest.raises(ProblemError) as error:
        await library.put("c", Document(text="c"))
    assert error.value.type is ProblemType.TOO_MANY_REQUESTS
    # What is there is answered all the same.
    assert await library.put("a", Document(text="a")) == (Document(text="a"), False)
    for _ in range(2):
        await library.delete("a")
    assert await library.get("a") is None
    assert (await library.put("c", Document(text="c")))[1]
    assert "document:a" not in store.data


@pytest.mark.parametrize("writes", [0, 1])
@pytest.mark.parametrize("lands", [True, False])
async def test_a_crash_while_a_document_is_written_or_deleted_is_resumed(
    writes: int, lands: bool
) -> None:
    store = MemoryStateStore()
    library = Library(store, quota=1)
    for attempt in (lambda: library.put("a", Document(text="a")), lambda: library.delete("a")):
        store.writes_until_crash, store.crash_lands = writes, lands
        with pytest.raises(StoreUnavailable):
            await attempt()
        await attempt()
    assert (await library.put("b", Document(text="b")))[1]
