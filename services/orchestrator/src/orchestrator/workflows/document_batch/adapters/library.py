"""The documents of batches: those that callers uploaded, and the samples of the package."""

import re
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from servicekit.state import StateStore

SAMPLES = Path(__file__).parent / "samples"
SAMPLE_PREFIX = "sample-"
NUMBER = re.compile(r"[1-9][0-9]{0,3}")
# In characters; with the JSON around it, it stays below the limit of a body, 64 KiB.
MAX_TEXT = 60_000


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

    def __init__(self, store: StateStore) -> None:
        """Keep uploaded documents in `store`."""
        self._store = store

    async def get(self, document_id: str) -> Document | None:
        """Return a document, if there is one."""
        if document_id.startswith(SAMPLE_PREFIX):
            return _sample(document_id.removeprefix(SAMPLE_PREFIX))
        return (await self._store.get(f"document:{document_id}", Document)).value

    async def put(self, document_id: str, document: Document) -> tuple[Document | None, bool]:
        """Store a document, unless there is one under the id.

        Returns:
            The document under the id (None where the id is reserved for samples and unknown), and
            whether this call stored it.
        """
        if document_id.startswith(SAMPLE_PREFIX):
            return _sample(document_id.removeprefix(SAMPLE_PREFIX)), False
        return await self._store.put_if_absent(f"document:{document_id}", document)


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
