"""The results of a batch's documents: a record each, under the document's key in the batch."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel

from orchestrator.workflows.document_batch.models import DocumentClass
from servicekit.state import StateStore


class Result(BaseModel):
    """The result of a document, or why there is none."""

    document_class: DocumentClass | None = None
    words: int = 0
    summary: str = ""
    error: str | None = None


class ResultRecord(BaseModel):
    """A result, if there is one yet, and the attempts at it.

    Args:
        document_id: The document.
        attempts: How often processing it began.
        result: The first result; it is never replaced.
        last_error: The error of the last attempt without a result.
    """

    document_id: str
    attempts: int = 0
    result: Result | None = None
    last_error: str | None = None


class Results:
    """The records in a state store."""

    def __init__(self, store: StateStore) -> None:
        """Keep them in `store`."""
        self._store = store

    async def begin(self, key: str, document_id: str) -> Result | None:
        """Count an attempt, unless there is a result: then return it."""
        record = await self._unless_done(
            key, document_id, lambda record: {"attempts": record.attempts + 1}
        )
        return record.result

    async def finish(self, key: str, document_id: str, result: Result) -> Result:
        """Store a result, unless there is one; return the one that is stored."""
        record = await self._unless_done(key, document_id, lambda _: {"result": result})
        return record.result or result

    async def fail(self, key: str, document_id: str, error: str) -> None:
        """Store why an attempt had no result."""
        await self._unless_done(key, document_id, lambda _: {"last_error": error})

    async def read(self, keys: Sequence[str]) -> list[ResultRecord | None]:
        """Return the records under these keys, in their order."""
        found = await self._store.get_many([_key(key) for key in keys], ResultRecord)
        return [found[_key(key)].value for key in keys]

    async def _unless_done(
        self, key: str, document_id: str, change: Callable[[ResultRecord], dict[str, Any]]
    ) -> ResultRecord:
        """Change the fields of a record that has no result yet; return the record."""

        def changed(record: ResultRecord | None) -> ResultRecord:
            if record is None or record.document_id != document_id:
                # An instance that was purged may have had another document in this place.
                record = ResultRecord(document_id=document_id)
            return record if record.result else record.model_copy(update=change(record))

        return await self._store.update(_key(key), ResultRecord, changed)


def _key(key: str) -> str:
    return f"batch-result:{key}"
