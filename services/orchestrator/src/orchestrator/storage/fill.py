"""How full the state store is: what is used of what there is."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

# What is asked each second must not pile up.
TIMEOUT_SECONDS = 2.0


class FillUnknown(Exception):
    """The store did not say how full it is."""


@dataclass(frozen=True)
class Fill:
    """How full a store is.

    Args:
        what: What is measured, such as `memory of Redis`.
        used_bytes: The bytes that are used.
        limit_bytes: The bytes that it may use.
    """

    what: str
    used_bytes: int
    limit_bytes: int

    @property
    def ratio(self) -> float:
        """The part that is used; more than 1 beyond the limit."""
        return self.used_bytes / self.limit_bytes if self.limit_bytes > 0 else 1.0

    def __str__(self) -> str:
        """Return it in words."""
        used, limit = (f"{n / 2**20:,.0f} MiB" for n in (self.used_bytes, self.limit_bytes))
        return f"{self.ratio:.0%} of the {self.what} ({used} of {limit})"


class FillSource(Protocol):
    """Measures a store."""

    async def read(self) -> Fill:
        """Return how full it is now.

        Raises:
            FillUnknown: It does not answer.
        """


class RedisMemory:
    """The memory of a Redis server, which Dapr's API does not show."""

    def __init__(self, client: Redis, budget_bytes: int) -> None:
        """Measure a server.

        Args:
            client: A connection to it.
            budget_bytes: What its data may use; less where the server's own `maxmemory` is less.
        """
        self._client = client
        self._budget = budget_bytes

    async def read(self) -> Fill:
        """Return how full it is now.

        Raises:
            FillUnknown: It does not answer.
        """
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                memory = await self._client.info("memory")
        except (RedisError, OSError, TimeoutError) as error:
            raise FillUnknown(f"Redis: {str(error) or type(error).__name__}") from error
        limit = min(self._budget, int(memory.get("maxmemory") or self._budget))
        return Fill("memory of Redis", int(memory["used_memory"]), limit)


class DiskSpace:
    """The space of a file system for the files of a folder, such as those of SQLite."""

    def __init__(self, folder: Path, reserve_bytes: int) -> None:
        """Measure the files of `folder`; `reserve_bytes` of its file system are to stay free."""
        self._folder = folder
        self._reserve = reserve_bytes

    async def read(self) -> Fill:
        """Return how full it is now.

        Raises:
            FillUnknown: The folder cannot be read.
        """
        try:
            return await asyncio.to_thread(self._read)
        except OSError as error:
            raise FillUnknown(f"{self._folder}: {error.strerror}") from error

    def _read(self) -> Fill:
        files = (entry.stat().st_size for entry in os.scandir(self._folder) if entry.is_file())
        used = sum(files)
        space = os.statvfs(self._folder)
        free = max(0, space.f_bavail * space.f_frsize - self._reserve)
        return Fill("disk of the store", used, used + free)


def fullest(fills: Sequence[Fill]) -> Fill | None:
    """Return the one with the least left, if there is any."""
    return max(fills, key=lambda fill: fill.ratio, default=None)
