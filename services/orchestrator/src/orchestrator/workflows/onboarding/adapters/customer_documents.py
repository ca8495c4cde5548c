"""The records of customers' documents, in the state store."""

from pydantic import BaseModel

from orchestrator.workflows.onboarding.models import CustomerDocument
from servicekit.state import StateStore


class DocumentDeleted(Exception):
    """The record was deleted, and cannot be kept any more."""


class DocumentRecord(BaseModel):
    """The record of a document; empty once it was deleted."""

    document: CustomerDocument | None


DELETED = DocumentRecord(document=None)


class Documents:
    """Keeps a record by key; a deleted one stays empty, so that a late `keep` cannot fill it."""

    def __init__(self, store: StateStore) -> None:
        """Keep the records in `store`."""
        self._store = store

    async def keep(self, key: str, document: CustomerDocument) -> None:
        """Keep a record; the first one under a key stays.

        Raises:
            DocumentDeleted: It was deleted before.
        """
        kept, _ = await self._store.put_if_absent(key, DocumentRecord(document=document))
        if kept == DELETED:
            raise DocumentDeleted(f"{key} was deleted")

    async def delete(self, key: str) -> None:
        """Delete a record, kept or not."""
        await self._store.update(key, DocumentRecord, lambda _: DELETED)

    async def find(self, keys: list[str]) -> list[CustomerDocument]:
        """Return the records under these keys, without those that are not there."""
        found = await self._store.get_many(keys, DocumentRecord)
        records = [read.value for read in found.values()]
        return [r.document for r in records if r is not None and r.document is not None]
