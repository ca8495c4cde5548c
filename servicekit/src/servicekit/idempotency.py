"""Answers under idempotency keys: the first answer to a request is kept for its repeats.

A key is begun before its request is handled, and answered with what the answer was. Where the
process ends, or the answer cannot be kept, the key stays begun: the next repeat is handled once
more, for what a request changes is itself safe to repeat.
"""

import base64
import hashlib
import math
import uuid
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from pydantic import BaseModel

from contracts.problems import ProblemType
from servicekit.problems import ProblemError
from servicekit.state import Conflict, StateStore, StoreUnavailable

log = structlog.get_logger(__name__)

# Of the body as it is kept, which is compressed.
MAX_KEPT_BYTES = 65_536


class KeptAnswer(BaseModel):
    """An answer, with the headers that mean something to its client."""

    status: int
    headers: dict[str, str]
    body: str
    """Compressed by zlib, in Base64."""

    @classmethod
    def of(cls, status: int, headers: dict[str, str], body: bytes) -> "KeptAnswer | None":
        """Return an answer to keep; None where it is too large for that."""
        packed = base64.b64encode(zlib.compress(body)).decode()
        if len(packed) > MAX_KEPT_BYTES:
            return None
        return cls(status=status, headers=headers, body=packed)

    def content(self) -> bytes:
        """Return the body."""
        return zlib.decompress(base64.b64decode(self.body))


class KeyRecord(BaseModel):
    """A key: of which request, begun by which process, and the answer once there is one."""

    fingerprint: str
    owner: str
    begun_at: datetime
    answer: KeptAnswer | None = None


class IdempotencyKeys:
    """The keys in the state store."""

    def __init__(
        self,
        store: StateStore,
        kept: timedelta,
        handled_within: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep them in `store`.

        Args:
            store: Where they are.
            kept: How long an answer is kept.
            handled_within: The longest time that a request takes: a key that another process began
                longer ago was left by it.
            now: Returns the time in UTC.
        """
        self._store = store
        self._kept = kept
        self._handled_within = handled_within
        self._now = now
        self._owner = uuid.uuid4().hex
        self._in_flight: dict[str, str] = {}

    async def begin(self, key: str, fingerprint: str) -> KeptAnswer | None:
        """Begin a key, or return the answer that was given under it.

        After it has returned None, either `answer`, `release` or `abandon` must be called.

        Args:
            key: The key.
            fingerprint: What only the same request has.

        Raises:
            ProblemError: The key was used with another request (422), or the first request is
                still handled (409).
            StoreUnavailable: The store does not respond; nothing was begun.
        """
        if key in self._in_flight:
            raise _reused() if self._in_flight[key] != fingerprint else _in_progress(1)
        self._in_flight[key] = fingerprint
        try:
            answer = await self._begin(key, fingerprint)
        except BaseException:
            del self._in_flight[key]
            raise
        if answer is not None:
            del self._in_flight[key]
        return answer

    async def answer(self, key: str, answer: KeptAnswer) -> None:
        """Keep the answer; where that fails, a repeat is handled once more."""

        def answered(record: KeyRecord | None) -> KeyRecord | None:
            return record and record.model_copy(update={"answer": answer})

        try:
            await self._store.update(_key(key), KeyRecord, answered, ttl=self._kept)
        except StoreUnavailable as error:
            log.warning("answer not kept", error=str(error))
        finally:
            self.abandon(key)

    async def release(self, key: str) -> None:
        """Forget a key whose answer is not kept; where that fails, it stays begun."""
        try:
            read = await self._store.get(_key(key), KeyRecord)
            if read.etag is not None:
                await self._store.delete(_key(key), read.etag)
        except (StoreUnavailable, Conflict) as error:
            log.warning("idempotency key not released", error=str(error))
        finally:
            self.abandon(key)

    def abandon(self, key: str) -> None:
        """Leave a key as it is: a repeat is handled."""
        self._in_flight.pop(key, None)

    async def _begin(self, key: str, fingerprint: str) -> KeptAnswer | None:
        mine = KeyRecord(fingerprint=fingerprint, owner=self._owner, begun_at=self._now())
        record, created = await self._store.put_if_absent(_key(key), mine, ttl=self._kept)
        if created:
            return None
        if record.fingerprint != fingerprint:
            raise _reused()
        if record.answer is not None:
            return record.answer
        left = record.begun_at + self._handled_within - self._now()
        if record.owner != self._owner and left > timedelta():
            raise _in_progress(math.ceil(left.total_seconds()))
        await self._take_over(key, mine)
        return None

    async def _take_over(self, key: str, mine: KeyRecord) -> None:
        read = await self._store.get(_key(key), KeyRecord)
        if read.value is not None and read.value.answer is not None:
            raise _in_progress(1)
        try:
            await self._store.put(_key(key), mine, read.etag, ttl=self._kept)
        except Conflict as error:
            raise _in_progress(1) from error


def _reused() -> ProblemError:
    return ProblemError(
        ProblemType.IDEMPOTENCY_KEY_REUSED, "The Idempotency-Key was used with another request"
    )


def _in_progress(seconds: int) -> ProblemError:
    return ProblemError(
        ProblemType.REQUEST_IN_PROGRESS,
        "The first request with this Idempotency-Key is being handled",
        retry_after=seconds,
    )


def _key(key: str) -> str:
    # A key may have characters that the store reserves.
    return f"idempotency:{hashlib.sha256(key.encode()).hexdigest()}"
