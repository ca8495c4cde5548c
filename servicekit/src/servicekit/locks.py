"""Locks by name: what touches one thing queues up, what touches different things does not."""

import asyncio
from weakref import WeakValueDictionary


class KeyedLocks:
    """Hands out one lock a name; a lock that nobody holds or waits for is forgotten."""

    def __init__(self) -> None:
        """Start with no locks."""
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __call__(self, name: str) -> asyncio.Lock:
        """Return the lock of `name`, for use in an `async with`."""
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock
