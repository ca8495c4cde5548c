"""The faults of a store that runs: it is nearly full, and it refuses what is written."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path

from redis.asyncio import Redis

from stack import Stack
from support.fault_suite.fault import Missed
from support.fault_suite.target import Fault, Target

REDIS = frozenset({"redis"})
SIDECARS = frozenset({"orchestrator-sidecar", "assigner-sidecar", "notifier-sidecar"})
REFUSED_SECONDS, FULL_SECONDS = 30.0, 8.0
FULL_RATIO = 0.87
"""What is used of a full Redis. From 0.8 on nothing new is accepted (STORE_FULL_RATIO); the rest
has to hold what was: a Redis that is beyond its limit tears a turn of Dapr, which is no fault to
survive but one to prevent."""
NEARLY_FULL = "nearly full"
REFUSED = "NOREPLICAS"
LOCKED = "database is locked"
LOCK_WITHIN = 30.0


def store_faults(store: str) -> list[Fault]:
    """Return the faults of a store."""
    if store == "redis":
        return [
            Fault("full redis", "full store", REDIS, _full_redis),
            Fault(
                "redis refuses writes", "refused writes", REDIS, _refuse_in_redis, takes_store=True
            ),
        ]
    return [
        Fault("locked database files", "refused writes", SIDECARS, _lock_files, takes_store=True)
    ]


async def _full_redis(target: Target) -> None:
    began = target.client.recorder.now()
    async with _connected(target.stack) as redis:
        used = (await redis.info("memory"))["used_memory"]
        await redis.config_set("maxmemory", round(used / FULL_RATIO))
        try:
            await asyncio.sleep(FULL_SECONDS)
        finally:
            await redis.config_set("maxmemory", 0)
    calls = (call for call in target.client.recorder.calls if call.began >= began)
    if not any(call.status == 503 and NEARLY_FULL in str(call.answer) for call in calls):
        raise Missed


async def _refuse_in_redis(target: Target) -> None:
    async with _connected(target.stack) as redis:
        before = await _refusals(redis)
        # There are no replicas, so that each write is refused, in a transaction as well.
        await redis.config_set("min-replicas-to-write", 1)
        try:
            await asyncio.sleep(REFUSED_SECONDS)
        finally:
            await redis.config_set("min-replicas-to-write", 0)
        if await _refusals(redis) == before:
            raise Missed


async def _refusals(redis: Redis) -> int:
    found = (await redis.info("errorstats")).get(f"errorstat_{REFUSED}", {"count": 0})
    return int(found["count"])


async def _lock_files(target: Target) -> None:
    before = _locked(target.stack)
    with ExitStack() as locks:
        for file in sorted(target.stack.run.data.glob("*.db")):
            await asyncio.to_thread(locks.enter_context, locked(file))
        await asyncio.sleep(REFUSED_SECONDS)
    if _locked(target.stack) == before:
        raise Missed


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Let nobody else write into a SQLite file as long as the context lasts."""
    connection = sqlite3.connect(
        file, timeout=LOCK_WITHIN, isolation_level=None, check_same_thread=False
    )
    with closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        yield


def _locked(stack: Stack) -> int:
    logs = (stack.log(name).read_text(errors="replace") for name in SIDECARS)
    return sum(log.count(LOCKED) for log in logs)


@asynccontextmanager
async def _connected(stack: Stack) -> AsyncIterator[Redis]:
    async with Redis.from_url(stack.redis_url()) as redis:
        yield redis
