"""An in-memory state store for tests, with the ETags of the real ones and injected crashes."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from pydantic import BaseModel

from servicekit.state import PERMANENT, Conflict, Model, StateStore, StoreUnavailable, Versioned


class MemoryStateStore(StateStore):
    """Stores values in a dictionary, which several stores share to act as replicas.

    Each call yields to the event loop first, so that concurrent callers interleave as they do
    over a network.
    """

    def __init__(self, data: dict[str, tuple[str, str]] | None = None) -> None:
        """Use `data`, or an empty dictionary."""
        self.data = {} if data is None else data
        self.calls: Counter[str] = Counter()
        self.ttls: dict[str, timedelta] = {}
        """How long each key has left to live; a key without an end is not in it."""
        self.writes_until_crash: int | None = None
        """The write after this many fails; `crash_lands` says whether it took effect."""
        self.crash_lands = False

    async def get(self, key: str, model: type[Model]) -> Versioned[Model]:
        """Read one key."""
        return (await self.get_many([key], model))[key]

    async def get_many(
        self, keys: Iterable[str], model: type[Model]
    ) -> dict[str, Versioned[Model]]:
        """Read several keys."""
        await self._step("read")
        found = {key: self.data.get(key) for key in keys}
        return {
            key: Versioned(model.model_validate_json(entry[0]), entry[1])
            if entry
            else Versioned[Model](None, None)
            for key, entry in found.items()
        }

    async def put(
        self, key: str, value: BaseModel, etag: str | None, *, ttl: timedelta | None = None
    ) -> None:
        """Write over the version with `etag`, or create where it is None; else raise Conflict."""
        await self._step("write")
        self._check(key, etag)
        self._write(key, value, ttl)

    async def overwrite(self, key: str, value: BaseModel, *, ttl: timedelta | None = None) -> None:
        """Write without an ETag."""
        await self._step("write")
        self._write(key, value, ttl)

    async def delete(self, key: str, etag: str) -> None:
        """Delete the version with `etag`; raise Conflict where the key has another."""
        await self._step("write")
        if key in self.data:
            self._check(key, etag)
            self._write(key, None, None)

    def pass_time(self, time: timedelta) -> None:
        """Let time pass: keys whose time to live ends in it expire."""
        self.ttls = {key: left - time for key, left in self.ttls.items()}
        for key in [key for key, left in self.ttls.items() if left <= timedelta()]:
            del self.ttls[key]
            self.data.pop(key, None)

    def _check(self, key: str, etag: str | None) -> None:
        current = self.data.get(key)
        if (current[1] if current else None) != etag:
            self.calls["conflict"] += 1
            raise Conflict(key)

    def _write(self, key: str, value: BaseModel | None, ttl: timedelta | None) -> None:
        crash = self.writes_until_crash == 0
        if self.writes_until_crash is not None and self.writes_until_crash >= 0:
            self.writes_until_crash -= 1
        if not crash or self.crash_lands:
            self.ttls.pop(key, None)
            if ttl not in (None, PERMANENT):
                self.ttls[key] = ttl
            current = self.data.pop(key, ("", "0"))
            if value is not None:
                self.data[key] = (value.model_dump_json(), str(int(current[1]) + 1))
        if crash:
            raise StoreUnavailable("crashed on demand")

    async def _step(self, kind: str) -> None:
        self.calls[kind] += 1
        await asyncio.sleep(0)
