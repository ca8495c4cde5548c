"""The state store as the services use it: typed values with optimistic concurrency by ETag.

Redis applies the operations of a transaction one by one, and the others take effect where the ETag
of one fails. So there are no transactions here: what must be atomic is one value, and several
values are written in an order that can be resumed after a crash at any point.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Generic, TypeVar

import structlog
from pydantic import BaseModel

from servicekit.locks import KeyedLocks

Model = TypeVar("Model", bound=BaseModel)
Changed = TypeVar("Changed", bound=BaseModel | None)
Result = TypeVar("Result")

log = structlog.get_logger(__name__)

# Writers of one replica are serialized by locks, so only other replicas cause conflicts.
MAX_TRIES = 20
# The time to live of a key that never expires, also in a store where keys do.
PERMANENT = timedelta.max


class Conflict(Exception):
    """Another writer wrote the key since it was read."""


class StoreUnavailable(Exception):
    """The store, or the sidecar in front of it, does not respond or fails."""


@dataclass(frozen=True)
class Versioned(Generic[Model]):
    """A value as it was read; `etag` is None where there was none."""

    value: Model | None
    etag: str | None


async def until_written(what: str, attempt: Callable[[], Awaitable[Result]]) -> Result:
    """Run a read and write again each time that another writer came in between.

    For writes that span several keys; `StateStore.update` is the same for one.

    Args:
        what: What is written, for the error.
        attempt: Reads all it needs, and lets Conflict pass.

    Returns:
        What the attempt returned that met no conflict.

    Raises:
        StoreUnavailable: It met a conflict MAX_TRIES times in a row.
    """
    for _ in range(MAX_TRIES):
        try:
            return await attempt()
        except Conflict:
            log.debug("write conflict, retrying", what=what)
    raise StoreUnavailable(f"{what} is contended")


class StateStore(ABC):
    """A key-value store with optimistic concurrency; each call raises StoreUnavailable on failure.

    A store implements the abstract methods; the others are made of them. Each write has a time to
    live (`ttl`): the key expires when it has passed since its last write. Without one it stays, or
    lives as long as the store says (`ExpiringStore`).
    """

    @cached_property
    def locks(self) -> KeyedLocks:
        """Locks for whoever writes a key often: on one event loop writers then queue up."""
        return KeyedLocks()

    @abstractmethod
    async def get(self, key: str, model: type[Model]) -> Versioned[Model]:
        """Read one key."""

    @abstractmethod
    async def get_many(
        self, keys: Iterable[str], model: type[Model]
    ) -> dict[str, Versioned[Model]]:
        """Read several keys of one model; each is in the result, also where it has no value."""

    @abstractmethod
    async def put(
        self, key: str, value: BaseModel, etag: str | None, *, ttl: timedelta | None = None
    ) -> None:
        """Write over the version with `etag`, or create where it is None; else raise Conflict.

        A key that is written so must never be written by `overwrite`.
        """

    @abstractmethod
    async def overwrite(self, key: str, value: BaseModel, *, ttl: timedelta | None = None) -> None:
        """Write without an ETag: for a value that is the same whoever writes it."""

    @abstractmethod
    async def delete(self, key: str, etag: str) -> None:
        """Delete the version with `etag`; raise Conflict where the key has another.

        A key that is gone already is no error: a repeat does what the first did.
        """

    async def put_if_absent(
        self, key: str, value: Model, *, ttl: timedelta | None = None
    ) -> tuple[Model, bool]:
        """Create a key, or return the value that is there already.

        It reads first: creating a key that exists is an internal error on Redis, not a conflict.

        Args:
            key: Where to write.
            value: What to write where there is no value.
            ttl: How long the key lives where this call creates it; None for without end.

        Returns:
            The value that is there now, and whether this call created it. Of concurrent writers
            exactly one creates it, and all return the same value.

        Raises:
            StoreUnavailable: The store does not respond. The value may have been written all the
                same: a repeat then returns it as not created.
        """

        async def attempt() -> tuple[Model, bool]:
            existing = (await self.get(key, type(value))).value
            if existing is not None:
                return existing, False
            await self.put(key, value, None, ttl=ttl)
            return value, True

        return await until_written(key, attempt)

    async def update(
        self,
        key: str,
        model: type[Model],
        change: Callable[[Model | None], Changed],
        *,
        ttl: timedelta | None = None,
    ) -> Changed:
        """Read a key, change its value and write it by its ETag, again after each conflict.

        Args:
            key: What to change.
            model: The value's model.
            change: Returns the new value, given the current one (None where there is none). It is
                called once an attempt, so it must have no effect of its own, and must not modify
                what it is given. Nothing is written where it returns None or an equal value; what
                it raises ends the update.

        Returns:
            What `change` returned last.

        Raises:
            StoreUnavailable: The store does not respond, or MAX_TRIES conflicts in a row.
        """

        async def attempt() -> Changed:
            current = await self.get(key, model)
            changed = change(current.value)
            if changed is not None and changed != current.value:
                await self.put(key, changed, current.etag, ttl=ttl)
            return changed

        return await until_written(key, attempt)


class ExpiringStore(StateStore):
    """A view of a store whose keys expire, where their writer says nothing else."""

    def __init__(self, store: StateStore, ttl: timedelta) -> None:
        """Read and write in `store`; what is written without a time to live gets `ttl`."""
        self._store = store
        self._ttl = ttl

    @cached_property
    def locks(self) -> KeyedLocks:
        """The locks of the store: it is the same key by whichever view it is written."""
        return self._store.locks

    async def get(self, key: str, model: type[Model]) -> Versioned[Model]:
        """Read one key."""
        return await self._store.get(key, model)

    async def get_many(
        self, keys: Iterable[str], model: type[Model]
    ) -> dict[str, Versioned[Model]]:
        """Read several keys of one model."""
        return await self._store.get_many(keys, model)

    async def put(
        self, key: str, value: BaseModel, etag: str | None, *, ttl: timedelta | None = None
    ) -> None:
        """Write over the version with `etag`, or create where it is None; else raise Conflict."""
        await self._store.put(key, value, etag, ttl=ttl or self._ttl)

    async def overwrite(self, key: str, value: BaseModel, *, ttl: timedelta | None = None) -> None:
        """Write without an ETag."""
        await self._store.overwrite(key, value, ttl=ttl or self._ttl)

    async def delete(self, key: str, etag: str) -> None:
        """Delete the version with `etag`; raise Conflict where the key has another."""
        await self._store.delete(key, etag)
