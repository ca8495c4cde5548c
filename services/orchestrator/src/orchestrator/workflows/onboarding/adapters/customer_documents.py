"""The records of customers' documents, in the state store."""

from pydantic import BaseModel

from orchestrator.workflows.onboarding.models import Document
from servicekit.state import StateStore, until_written


class DocumentDeleted(Exception):
    """The record was deleted, and cannot be kept any more."""


class DocumentRecord(BaseModel):
    """What is known of a document: nothing, once its record was deleted."""

    document: Document | None


class Documents:
    """Keeps a record by key; a deleted one stays empty, so that a late `keep` cannot fill it."""

    def __init__(self, store: StateStore) -> None:
        """Keep them in `store`."""
        self._store = store

    async def keep(self, key: str, document: Document) -> None:
        """Keep a record; the first one under a key stays.

        Raises:
            DocumentDeleted: It was deleted before.
        """

        async def attempt() -> None:
            record = (await self._store.get(key, DocumentRecord)).value
            if record is None:
                await self._store.put(key, DocumentRecord(document=document), None)
            elif record.document is None:
                raise DocumentDeleted(f"{key} was deleted")

        await until_written(key, attempt)

    async def delete(self, key: str) -> None:
        """Delete a record, kept or not."""

        async def attempt() -> None:
            read = await self._store.get(key, DocumentRecord)
            if read.value is None or read.value.document is not None:
                await self._store.put(key, DocumentRecord(document=None), read.etag)

        await until_written(key, attempt)

    async def find(self, keys: list[str]) -> list[Document]:
        """Return the records under these keys, without those that are not there."""
        found = await self._store.get_many(keys, DocumentRecord)
        records = [read.value for read in found.values()]
        return [r.document for r in records if r is not None and r.document is not None]
