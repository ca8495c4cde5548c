"""Watches whether a worker is connected, and restarts a sidecar that accepts none any more.

When a worker dies in the middle of a turn, Dapr 1.18.2 sometimes waits for that turn forever: it
has a lock that the next worker needs to register, so no workflow advances while the sidecar
reports itself healthy (https://github.com/dapr/dapr/pull/10408 says why). Only a restart of the
sidecar helps; what it had accepted is in the store. Goes when the minimum is Dapr 1.19.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import structlog

from orchestrator.metrics import SIDECARS_ENDED, WORKER_CONNECTED
from servicekit.background import Supervisor
from servicekit.sidecar import Sidecar

log = structlog.get_logger(__name__)

# The sidecar reports a worker as soon as it has connected.
FIRST_GRACE_SECONDS = 10.0
# The SDK's worker finds out within 100 s that its connection is dead: each 30 s it says Hello and
# waits for 10 s, then gRPC pings for 60 s. Until then the worker may be the cause.
GRACE_SECONDS = 120.0
INTERVAL_SECONDS = 1.0


@asynccontextmanager
async def sidecar_watchdog(
    sidecar: Sidecar,
    supervisor: Supervisor,
    first_grace: float = FIRST_GRACE_SECONDS,
    grace: float = GRACE_SECONDS,
    interval: float = INTERVAL_SECONDS,
) -> AsyncIterator[None]:
    """Shut `sidecar` down when it is healthy and has no worker, as long as the context lasts.

    What supervises the sidecar starts it again.

    Args:
        sidecar: The one that our worker has just connected to.
        supervisor: Restarts the watch where it fails.
        first_grace: Seconds that it may be without a worker now.
        grace: Seconds that it may be without one later.
        interval: Seconds between two checks.
    """
    graces = iter((first_grace,))

    async def watch() -> None:
        await _watch(sidecar, next(graces, grace), grace, interval)

    async with supervisor.running("sidecar-watchdog", watch):
        yield


async def _watch(sidecar: Sidecar, first_grace: float, grace: float, interval: float) -> None:
    deadline = time.monotonic() + first_grace
    while True:
        down = await sidecar.why_not_ready() is not None
        connected = not down and await sidecar.why_no_worker() is None
        WORKER_CONNECTED.set(int(connected))
        # No worker can be connected to a sidecar that is down.
        if connected or down:
            deadline = time.monotonic() + grace
        elif time.monotonic() > deadline:
            log.error("the sidecar accepts no worker: shutting it down")
            SIDECARS_ENDED.add(1)
            try:
                await sidecar.shut_down()
            except httpx.HTTPError as error:
                log.warning("the sidecar did not answer", error=str(error))
            deadline = time.monotonic() + grace
        await asyncio.sleep(interval)
