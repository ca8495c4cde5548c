"""Ends a sidecar whose workflow engine will never take a worker again.

When a worker dies in the middle of a turn, Dapr 1.18.2 sometimes waits for that turn for ever: it
holds a lock that the next worker needs to register, so every workflow stands still while the
sidecar calls itself healthy (https://github.com/dapr/dapr/pull/10408 tells how). Nothing but a new
sidecar helps; what it had accepted is in the store.
"""

import asyncio
import time
from types import TracebackType
from typing import Self

import httpx
import structlog

from servicekit.sidecar import Sidecar

log = structlog.get_logger(__name__)

# A worker that has just connected is known to the sidecar at once.
FIRST_PATIENCE = 10.0
# The SDK's worker connects again within 16 s of a sidecar's return: twice that is no coincidence.
PATIENCE = 32.0
INTERVAL = 1.0


class WedgedSidecarWatch:
    """Looks at the sidecar as long as the context lasts."""

    def __init__(
        self,
        sidecar: Sidecar,
        first_patience: float = FIRST_PATIENCE,
        patience: float = PATIENCE,
        interval: float = INTERVAL,
    ) -> None:
        """Watch `sidecar`.

        Args:
            sidecar: The one that our worker has just connected to.
            first_patience: Seconds that it may be without a worker now.
            patience: Seconds that it may be so later, while it is healthy.
            interval: Seconds between two looks.
        """
        self._sidecar = sidecar
        self._first_patience = first_patience
        self._patience = patience
        self._interval = interval
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _watch(self) -> None:
        patience = self._first_patience
        good = time.monotonic()
        while True:
            await asyncio.sleep(self._interval)
            if await self._takes_workers():
                good, patience = time.monotonic(), self._patience
            elif time.monotonic() - good > patience:
                log.error("the sidecar takes no worker: ending it", seconds=patience)
                try:
                    await self._sidecar.shut_down()
                except httpx.HTTPError as error:
                    log.warning("the sidecar did not answer", error=str(error))
                good, patience = time.monotonic(), self._patience

    async def _takes_workers(self) -> bool:
        """Return whether a worker is connected, or cannot be, for the sidecar is down."""
        if await self._sidecar.why_not_ready() is not None:
            return True
        return await self._sidecar.why_no_worker() is None
