"""Notes that users add, in the state store, with an inverted index of their terms.

A note's record is authoritative. The index lists the note under each of its terms, with the
revision of the record that added it. Index entries are written before the record, so that a record
is always found; an entry too many (after a crash, or of an older text) is filtered by the record. A
term is removed by the revision that dropped it, and only if that revision or an older one added it:
so of two writers of a note, neither removes what the other has just added.
"""

import asyncio
from collections import defaultdict
from collections.abc import Set as AbstractSet
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.toolkit.language.port import Passage
from orchestrator.toolkit.language.sentences import terms_of
from orchestrator.workflows.research.knowledge import (
    MAX_CHARACTERS,
    NOTES_QUOTA,
    Line,
    Prose,
    shortened,
)
from servicekit.collection import Collection
from servicekit.state import PERMANENT, StateStore, until_written

# So many terms of a note are indexed, and of a question searched: each is a key of the store.
MAX_TERMS = 100
MAX_TERM_LENGTH = 40
# The index lists this many notes under one term, the newest: a term of more notes says little.
MAX_NOTES = 200
# So many candidates are read, those with the rarest terms first.
MAX_CANDIDATES = 25
PARALLEL_WRITES = 10
# The record of a deleted note has the revision that a writer under way compares with.
EMPTY_KEPT = timedelta(days=1)


class Note(BaseModel):
    """A note, no longer than one passage of an answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "Leap seconds",
                    "text": "Our machines smear a leap second, so a durable timer does not "
                    "notice it.",
                }
            ]
        },
    )

    title: Line = Field(min_length=1, max_length=200)
    text: Prose = Field(min_length=1, max_length=MAX_CHARACTERS)


class NoteRecord(BaseModel):
    """A note and its revision; without a note where it was deleted."""

    revision: int
    note: Note | None


class IndexEntry(BaseModel):
    """The notes under a term with the revision that added each, the newest at the end."""

    notes: dict[str, int] = {}


class Notes:
    """The notes in a state store."""

    name = "notes"

    def __init__(self, store: StateStore, quota: int = NOTES_QUOTA) -> None:
        """Keep the notes in `store`, at most `quota`."""
        self._store = store
        self._ids = Collection(store, "notes", quota)

    async def find(self, note_id: str) -> Note | None:
        """Return a note, or None where there is none."""
        record = (await self._store.get(_record_key(note_id), NoteRecord)).value
        return record.note if record else None

    async def put(self, note_id: str, note: Note | None) -> bool:
        """Write a note, or delete it: repeating it changes nothing.

        Returns:
            Whether there was no note before.

        Raises:
            ProblemError: It is one more than the quota (429).
        """
        async with self._store.locks(_record_key(note_id)):
            if note is not None:
                await self._ids.add(note_id)
            created = await self._put(note_id, note)
            if note is None:
                await self._ids.remove(note_id)
            return created

    async def _put(self, note_id: str, note: Note | None) -> bool:
        wanted = _indexed(note)

        # Not the store's `update`: the index is written between the read and the write.
        async def attempt() -> tuple[NoteRecord | None, int]:
            read = await self._store.get(_record_key(note_id), NoteRecord)
            revision = (read.value.revision if read.value else 0) + 1
            if (read.value.note if read.value else None) == note:
                return read.value, revision
            await self._each(wanted, note_id, revision, add=True)
            record = NoteRecord(revision=revision, note=note)
            await self._store.put(_record_key(note_id), record, read.etag, ttl=_kept(note))
            return read.value, revision

        before, revision = await until_written(note_id, attempt)
        dropped = _indexed(before.note if before else None) - wanted
        await self._each(dropped, note_id, revision, add=False)
        return before is None or before.note is None

    async def search(self, question: str, limit: int) -> list[Passage]:
        """Return the notes that share the most, and the rarest, terms with the question."""
        terms = _words(question)
        entries = await self._store.get_many(map(_index_key, terms), IndexEntry)
        naming = [entry.value.notes for entry in entries.values() if entry.value]
        scores: defaultdict[str, float] = defaultdict(float)
        for notes in naming:
            for note_id in notes:
                scores[note_id] += 1 / len(notes)
        candidates = sorted(scores, key=lambda note_id: (-scores[note_id], note_id))
        candidates = candidates[:MAX_CANDIDATES]
        records = await self._store.get_many(map(_record_key, candidates), NoteRecord)
        found = []
        for note_id in candidates:
            record = records[_record_key(note_id)].value
            if record and record.note and not _indexed(record.note).isdisjoint(terms):
                text = shortened(f"{record.note.title}: {record.note.text}")
                found.append(Passage(source=self.name, reference=f"notes/{note_id}", text=text))
        return found[:limit]

    async def _each(
        self, wanted: AbstractSet[str], note_id: str, revision: int, *, add: bool
    ) -> None:
        turns = asyncio.Semaphore(PARALLEL_WRITES)

        async def one(term: str) -> None:
            async with turns:
                await self._write_entry(term, note_id, revision, add=add)

        await asyncio.gather(*map(one, wanted))

    async def _write_entry(self, term: str, note_id: str, revision: int, *, add: bool) -> None:
        def changed(entry: IndexEntry | None) -> IndexEntry | None:
            notes = dict(entry.notes) if entry else {}
            known = notes.get(note_id, 0)
            if known >= revision if add else not 0 < known <= revision:
                return entry
            notes.pop(note_id, None)
            if add:
                notes[note_id] = revision
            return IndexEntry(notes=dict(list(notes.items())[-MAX_NOTES:]))

        key = _index_key(term)

        # Not the store's `update`: how long the entry is kept depends on what is in it.
        async def attempt() -> None:
            read = await self._store.get(key, IndexEntry)
            entry = changed(read.value)
            if entry is not None and entry != read.value:
                await self._store.put(key, entry, read.etag, ttl=_kept(entry.notes))

        await until_written(key, attempt)


def _kept(content: object) -> timedelta:
    """Return how long a record is kept: one without content until no writer is under way."""
    return PERMANENT if content else EMPTY_KEPT


def _indexed(note: Note | None) -> set[str]:
    """Return the terms by which a note is found."""
    return set(_words(f"{note.title} {note.text}")) if note else set()


def _words(text: str) -> list[str]:
    terms = dict.fromkeys(term for term in terms_of(text) if len(term) <= MAX_TERM_LENGTH)
    return list(terms)[:MAX_TERMS]


def _record_key(note_id: str) -> str:
    return f"note:{note_id}"


def _index_key(term: str) -> str:
    return f"note-term:{term}"
