"""Opens what is known of the store beside Dapr."""

from contextlib import AsyncExitStack

from redis.asyncio import Redis

from orchestrator.metrics import observe_store
from orchestrator.storage.fill import DiskSpace, FillSource, RedisMemory
from orchestrator.storage.guard import StoreGuard
from orchestrator.storage.settings import StorageSettings
from servicekit.background import Supervisor


def redis_client(settings: StorageSettings) -> Redis | None:
    """Return a client of the Redis of the settings, if they name one; the caller closes it."""
    if settings.redis_host is None:
        return None
    host, _, port = settings.redis_host.rpartition(":")
    return Redis(
        host=host,
        port=int(port),
        password=settings.redis_password,
        decode_responses=True,
        socket_connect_timeout=2,
        socket_timeout=5,
    )


async def open_store_guard(
    stack: AsyncExitStack,
    settings: StorageSettings,
    redis: Redis | None,
    supervisor: Supervisor,
) -> StoreGuard:
    """Return the guard of the store, which measures it from now on."""
    sources: list[FillSource] = []
    if redis is not None:
        sources.append(RedisMemory(redis, settings.store_memory_bytes))
    if settings.store_folder is not None:
        sources.append(DiskSpace(settings.store_folder, settings.store_reserve_bytes))
    guard = StoreGuard(sources, settings.store_full_ratio, settings.store_fill_seconds)
    if sources:
        await guard.measure()
        observe_store(lambda: guard.fill.ratio if guard.fill else None)
        await stack.enter_async_context(supervisor.running("store-fill", guard.watch))
    return guard
