"""The documents of batches: those that callers uploaded, and the samples of the package."""

import re
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from servicekit.collection import Collection
from servicekit.state import PERMANENT, StateStore, until_written

SAMPLES = Path(__file__).parent / "samples"
SAMPLE_PREFIX = "sample-"
NUMBER = re.compile(r"[1-9][0-9]{0,3}")
# In characters; with the JSON around it, it stays below the limit of a body, 64 KiB.
MAX_TEXT = 60_000
# So that documents take 60 MB of the store at most.
DOCUMENTS_QUOTA = 1_000


class MediaType(StrEnum):
    """The media type of a document's text."""

    PLAIN = "text/plain"
    HTML = "text/html"
    MARKDOWN = "text/markdown"


class Document(BaseModel):
    """A document as it was uploaded."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"media_type": "text/plain", "text": "Dear Ms Rao,\n\nThank you for your visit."}
            ]
        },
    )

    media_type: MediaType = MediaType.PLAIN
    text: str = Field(min_length=1, max_length=MAX_TEXT)


class Library:
    """Documents by id."""

    def __init__(self, store: StateStore, quota: int = DOCUMENTS_QUOTA) -> None:
        """Keep uploaded documents in `store`, at most `quota`."""
        self._store = store
        self._ids = Collection(store, "documents", quota)

    async def get(self, document_id: str) -> Document | None:
        """Return a document, if there is one."""
        if document_id.startswith(SAMPLE_PREFIX):
            return _sample(document_id.removeprefix(SAMPLE_PREFIX))
        return (await self._store.get(_key(document_id), Document)).value

    async def put(self, document_id: str, document: Document) -> tuple[Document | None, bool]:
        """Store a document, unless there is one under the id.

        Returns:
            The document under the id (None where the id is reserved for samples and unknown), and
            whether this call stored it.

        Raises:
            ProblemError: There are as many as the quota (429).
        """
        if document_id.startswith(SAMPLE_PREFIX):
            return _sample(document_id.removeprefix(SAMPLE_PREFIX)), False
        key = _key(document_id)
        async with self._store.locks(key):
            kept = (await self._store.get(key, Document)).value
            if kept is not None:
                return kept, False
            await self._ids.add(document_id)
            return await self._store.put_if_absent(key, document, ttl=PERMANENT)

    async def delete(self, document_id: str) -> None:
        """Delete a document, if there is one; batches that name it find none from then on."""
        key = _key(document_id)

        async def attempt() -> None:
            found = await self._store.get(key, Document)
            if found.etag is not None:
                await self._store.delete(key, found.etag)

        async with self._store.locks(key):
            await until_written(key, attempt)
            await self._ids.remove(document_id)


def _key(document_id: str) -> str:
    return f"document:{document_id}"


@cache
def samples() -> dict[str, Document]:
    """Return the samples by name."""
    kinds = {".txt": MediaType.PLAIN, ".html": MediaType.HTML, ".md": MediaType.MARKDOWN}
    return {
        path.stem: Document(media_type=kinds[path.suffix], text=path.read_text(encoding="utf-8"))
        for path in sorted(SAMPLES.iterdir())
        if path.suffix in kinds
    }


def _sample(name: str) -> Document | None:
    """Return a sample by its name, or by a number that names them in turn."""
    if NUMBER.fullmatch(name):
        return list(samples().values())[(int(name) - 1) % len(samples())]
    return samples().get(name)
