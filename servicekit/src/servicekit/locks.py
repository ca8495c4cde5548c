"""Locks by key: work on one key is serialized, work on different keys is not."""

import asyncio
from weakref import WeakValueDictionary


class KeyedLocks:
    """Returns one lock per key; a lock that is neither held nor waited for is garbage-collected."""

    def __init__(self) -> None:
        """Start with no locks."""
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __call__(self, name: str) -> asyncio.Lock:
        """Return the lock of the key `name`, for use in an `async with`."""
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock
