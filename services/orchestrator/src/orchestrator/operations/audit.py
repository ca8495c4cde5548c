"""The audit trail: who did what to which instance or schedule, why, and with which result."""

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from orchestrator.operations.audit_details import bounded
from orchestrator.schemas.operations import AuditEntry, AuditPage
from servicekit.problems import ProblemError
from servicekit.sequence import Sequence, next_before
from servicekit.state import StateStore, StoreUnavailable

log = structlog.get_logger(__name__)

TRAIL = "audit"
BEGUN = "begun"
DONE = "done"
EXPORT_PAGE = 200
# Where the store is away for long, the results of older actions stay unwritten.
MAX_LATE = 1_000
LATE_PAUSE_SECONDS = 5.0


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
        self._late: deque[AuditEntry] = deque(maxlen=MAX_LATE)
        self._has_late = asyncio.Event()

    @asynccontextmanager
    async def recording(self, action: Action) -> AsyncIterator[None]:
        """Record an action before the context's body does it, and its result afterwards.

        Where the process ends in between, or the request is given up, the entry says `begun`: its
        result is unknown then. An action that is not recorded is not done; a result that cannot be
        written is written later, for the action's own result is true all the same.

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
            await self._complete(entry, error.type, {"detail": error.detail})
            raise
        except Exception as error:
            await self._complete(entry, type(error).__name__, {})
            raise
        else:
            await self._complete(entry, DONE, action.details)

    async def _complete(self, entry: AuditEntry, result: str, details: dict[str, Any]) -> None:
        """Write the result, at once or later: what was done is done, whether that succeeds."""
        entry.result, entry.details = result, bounded(details)
        try:
            await self._write(entry)
        except StoreUnavailable as error:
            log.warning("audit result not written yet", entry=entry.id, error=str(error))
            self._late.append(entry)
            self._has_late.set()

    async def write_late(self) -> None:
        """Write the results that could not be written, until it is cancelled: a background task."""
        while True:
            await self._has_late.wait()
            while self._late:
                try:
                    await self._write(self._late[0])
                except StoreUnavailable:
                    await asyncio.sleep(LATE_PAUSE_SECONDS)
                else:
                    self._late.popleft()
            self._has_late.clear()

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

    async def entries(self) -> AsyncIterator[AuditEntry]:
        """Yield every entry that is kept, the newest first."""
        before: int | None = await self._sequence.newest(TRAIL)
        while before:
            page = await self.page(before, EXPORT_PAGE)
            for entry in page.items:
                yield entry
            before = page.next

    async def _write(self, entry: AuditEntry) -> None:
        # Its id is unique, so that nothing else writes it.
        await self._store.overwrite(_key(entry.id), entry, ttl=self._kept)


def _key(entry_id: str) -> str:
    return f"audit-entry:{entry_id}"
