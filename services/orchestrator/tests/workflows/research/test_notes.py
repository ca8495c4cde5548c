"""The index of the notes: replacements, deletions, crashes and concurrent writers."""

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from contracts.problems import ProblemType
from orchestrator.workflows.research.adapters.knowledge.notes import (
    MAX_CANDIDATES,
    MAX_NOTES,
    MAX_TERMS,
    Note,
    Notes,
)
from orchestrator.workflows.research.knowledge import MAX_CHARACTERS
from servicekit.problems import ProblemError
from servicekit.state import Model, StoreUnavailable, Versioned
from servicekit.testing import MemoryStateStore

Data = dict[str, tuple[str, str]]
TEA = Note(title="Tea", text="Tea is brewed at 80 degrees")
COFFEE = Note(title="Coffee", text="Coffee is brewed at 95 degrees")


def notes(data: Data, crash: int | None = None, lands: bool = False) -> Notes:
    store = MemoryStateStore(data)
    store.writes_until_crash, store.crash_lands = crash, lands
    return Notes(store)


async def found(data: Data, question: str) -> list[str]:
    return [passage.reference for passage in await notes(data).search(question, 5)]


async def test_a_note_is_found_by_any_of_its_words() -> None:
    data: Data = {}
    assert await notes(data).put("tea", TEA)
    assert await notes(data).put("coffee", COFFEE)
    assert await found(data, "How is tea brewed?") == ["notes/tea", "notes/coffee"]
    assert await found(data, "Who drinks cocoa?") == []
    [passage] = await notes(data).search("tea", 5)
    assert passage.text == "Tea: Tea is brewed at 80 degrees"
    assert passage.source == "notes"


async def test_a_replaced_note_is_found_by_its_new_words_only() -> None:
    data: Data = {}
    await notes(data).put("drink", TEA)
    assert not await notes(data).put("drink", COFFEE)
    assert await found(data, "tea") == []
    assert await found(data, "coffee") == ["notes/drink"]
    assert json_notes(data, "note-term:tea") == "{}"


async def test_a_deleted_note_is_not_found_and_can_be_added_again() -> None:
    data: Data = {}
    await notes(data).put("tea", None)
    await notes(data).put("tea", TEA)
    await notes(data).put("tea", None)
    assert await notes(data).find("tea") is None
    assert await found(data, "tea") == []
    assert await notes(data).put("tea", TEA)
    assert await found(data, "tea") == ["notes/tea"]


async def test_an_unchanged_note_writes_nothing() -> None:
    store = MemoryStateStore()
    await Notes(store).put("tea", TEA)
    writes = store.calls["write"]
    assert not await Notes(store).put("tea", TEA)
    assert store.calls["write"] == writes


async def test_the_longest_note_fits_into_a_passage() -> None:
    data: Data = {}
    await notes(data).put("long", Note(title="Long " * 20, text="long " * 200))
    [passage] = await notes(data).search("long", 5)
    assert len(passage.text) <= MAX_CHARACTERS


async def test_the_number_of_keys_and_candidates_is_bounded() -> None:
    store = MemoryStateStore()
    many = Note(title="Many", text=" ".join(f"w{i}" for i in range(200)))
    await Notes(store).put("many", many)
    assert store.calls["write"] == MAX_TERMS + 2  # the record, and the list of the notes
    assert len(await Notes(store).search(many.text, 5)) == 1
    assert await Notes(store).search("x" * 100_000, 5) == []


async def test_a_common_term_lists_the_newest_notes() -> None:
    data: Data = {}
    for number in range(MAX_NOTES + 1):
        await notes(data).put(f"n{number}", Note(title="Tea", text=f"t{number}"))
    assert json_notes(data, "note-term:tea").count("n") == MAX_NOTES
    assert await found(data, "t0") == ["notes/n0"]
    assert len(await notes(data).search("tea", 100)) == MAX_CANDIDATES


@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("crash", range(8))
async def test_a_note_can_be_written_again_after_a_crash_at_any_write(
    crash: int, lands: bool
) -> None:
    data: Data = {}
    await notes(data).put("drink", TEA)
    with contextlib.suppress(StoreUnavailable):
        await notes(data, crash, lands).put("drink", COFFEE)
    await assert_sound(data)
    await notes(data).put("drink", COFFEE)
    assert await notes(data).find("drink") == COFFEE
    assert await found(data, "coffee") == ["notes/drink"]
    assert await found(data, "tea") == []


WORDS = ["tea", "milk", "ice", "rum"]
NOTES = st.one_of(
    st.none(),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True).map(
        lambda words: Note(title="drink", text=" ".join(words))
    ),
)
PAUSES = st.lists(st.integers(0, 12), max_size=12)
WRITE = st.tuples(
    st.sampled_from(["a", "b"]),
    NOTES,
    st.one_of(st.none(), st.integers(0, 6)),
    st.booleans(),
    PAUSES,
)


class SlowStore(MemoryStateStore):
    """A store whose calls yield to others as often as a test says."""

    def __init__(self, data: Data, pauses: list[int]) -> None:
        """Let others run as many times before each call as `pauses` says, and then never."""
        super().__init__(data)
        self._pauses = iter(pauses)

    async def _yield(self) -> None:
        for _ in range(next(self._pauses, 0)):
            await asyncio.sleep(0)

    async def get(self, key: str, model: type[Model]) -> Versioned[Model]:
        await self._yield()
        return await super().get(key, model)

    async def get_many(
        self, keys: Iterable[str], model: type[Model]
    ) -> dict[str, Versioned[Model]]:
        await self._yield()
        return await super().get_many(keys, model)

    async def put(
        self, key: str, value: BaseModel, etag: str | None, *, ttl: timedelta | None = None
    ) -> None:
        await self._yield()
        await super().put(key, value, etag, ttl=ttl)


@settings(max_examples=200)
@given(st.lists(st.lists(WRITE, min_size=1, max_size=4), min_size=1, max_size=5))
def test_a_note_is_always_found_by_its_words_and_by_no_other(
    rounds: list[list[tuple[str, Note | None, int | None, bool, list[int]]]],
) -> None:
    async def write(
        data: Data,
        note_id: str,
        note: Note | None,
        crash: int | None,
        lands: bool,
        pauses: list[int],
    ) -> None:
        store = SlowStore(data, pauses)
        store.writes_until_crash, store.crash_lands = crash, lands
        with contextlib.suppress(StoreUnavailable):
            await Notes(store).put(note_id, note)

    async def story() -> None:
        data: Data = {}
        for at_once in rounds:
            await asyncio.gather(*(write(data, *one) for one in at_once))
            # What a crash left running goes on a little, as in a process that lives.
            await asyncio.sleep(0.001)
            await assert_sound(data)

    asyncio.run(story())


async def assert_sound(data: Data) -> None:
    """Each note is found by each of its words, and by no other."""
    by_word = {word: await found(data, word) for word in [*WORDS, "drink", "coffee"]}
    for note_id in ("a", "b", "drink"):
        note = await notes(data).find(note_id)
        has = set(f"{note.title} {note.text}".lower().split()) if note else set()
        for word, references in by_word.items():
            assert (f"notes/{note_id}" in references) == (word in has)


def json_notes(data: Data, key: str) -> str:
    return data[key][0].removeprefix('{"notes":').removesuffix("}")


async def test_notes_have_a_quota() -> None:
    store = MemoryStateStore()
    notes = Notes(store, quota=2)
    for name in ("a", "b", "a"):
        await notes.put(name, TEA)
    with pytest.raises(ProblemError) as error:
        await notes.put("c", TEA)
    assert error.value.type is ProblemType.TOO_MANY_REQUESTS
    await notes.put("a", None)
    assert await notes.put("c", TEA)


async def test_of_a_deleted_note_nothing_stays() -> None:
    store = MemoryStateStore()
    notes = Notes(store)
    await notes.put("a", TEA)
    store.pass_time(timedelta(days=1000))
    assert await notes.find("a") == TEA
    await notes.put("a", None)
    store.pass_time(timedelta(days=1))
    assert set(store.data) == {"notes"}
    assert await notes.put("a", TEA)
    store.pass_time(timedelta(days=1000))
    assert len(await notes.search(TEA.text, 5)) == 1
