"""The audit trail: who did what to which instance or schedule, why, and with which result."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.schemas.operations import AuditEntry, AuditPage
from servicekit.problems import ProblemError
from servicekit.sequence import Sequence, next_before
from servicekit.state import StateStore

TRAIL = "audit"
BEGUN = "begun"
DONE = "done"


@dataclass
class Action:
    """An action to record, before it is done; `details` may be added to while it is done."""

    by: str
    name: str
    target: str
    reason: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


class Audit:
    """The audit trail in a state store: of an entry, only the result is ever changed."""

    def __init__(self, store: StateStore, kept: timedelta | None = None) -> None:
        """Keep the entries in `store`, each for `kept`; None for as long as the store says."""
        self._store = store
        self._kept = kept
        self._sequence = Sequence(store, kept)

    @asynccontextmanager
    async def recording(self, action: Action) -> AsyncIterator[None]:
        """Record an action before the context's body does it, and its result afterwards.

        Where the process ends in between, the entry says `begun`: its result is unknown then.

        Args:
            action: Who does what, to which target.
        """
        entry = AuditEntry(
            id=uuid.uuid4().hex,
            at=datetime.now(UTC),
            by=action.by,
            action=action.name,
            target=action.target,
            reason=action.reason,
            result=BEGUN,
        )
        await self._write(entry)
        await self._sequence.place(TRAIL, await self._sequence.reserve(TRAIL), entry.id)
        try:
            yield
        except ProblemError as error:
            entry.result = error.type
            entry.details = {"detail": error.detail}
            raise
        except Exception as error:
            entry.result = type(error).__name__
            raise
        else:
            entry.result = DONE
            entry.details = action.details
        finally:
            await self._write(entry)

    async def page(self, before: int | None, limit: int) -> AuditPage:
        """Return a page of entries, the newest first.

        Args:
            before: `next` of the page before; None for the first page.
            limit: The most entries.
        """
        if before is None:
            before = await self._sequence.newest(TRAIL)
        keys = [key for _, key in await self._sequence.page(TRAIL, before, limit)]
        read = await self._store.get_many([_key(key) for key in keys], AuditEntry)
        items = [entry for key in keys if (entry := read[_key(key)].value) is not None]
        return AuditPage(items=items, next=next_before(before, limit))

    async def _write(self, entry: AuditEntry) -> None:
        # Its id is unique, so that nothing else writes it.
        await self._store.overwrite(_key(entry.id), entry, ttl=self._kept)


def _key(entry_id: str) -> str:
    return f"audit-entry:{entry_id}"
