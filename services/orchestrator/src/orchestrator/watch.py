"""Ends a sidecar whose workflow engine will never take a worker again.

When a worker dies in the middle of a turn, Dapr 1.18.2 sometimes waits for that turn for ever: it
holds a lock that the next worker needs to register, so every workflow stands still while the
sidecar calls itself healthy. Nothing but a new sidecar helps; what it had accepted is in the store.
"""

import asyncio
import time
from types import TracebackType
from typing import Self

import httpx
import structlog

from servicekit.sidecar import Sidecar

log = structlog.get_logger(__name__)

# The SDK's worker connects again within 16 s of a sidecar's return: twice that is no coincidence.
PATIENCE = 32.0
INTERVAL = 1.0


class WedgedSidecarWatch:
    """Looks at the sidecar as long as the context lasts."""

    def __init__(
        self, sidecar: Sidecar, patience: float = PATIENCE, interval: float = INTERVAL
    ) -> None:
        """Watch `sidecar`.

        Args:
            sidecar: The one that our worker connects to.
            patience: Seconds that a healthy sidecar may be without a worker.
            interval: Seconds between two looks.
        """
        self._sidecar = sidecar
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
        good = time.monotonic()
        while True:
            await asyncio.sleep(self._interval)
            down = await self._sidecar.why_not_ready()
            if down or await self._sidecar.why_no_worker() is None:
                good = time.monotonic()
            elif time.monotonic() - good > self._patience:
                log.error("the sidecar takes no worker: ending it", seconds=self._patience)
                try:
                    await self._sidecar.shut_down()
                except httpx.HTTPError as error:
                    log.warning("the sidecar did not answer", error=str(error))
                good = time.monotonic()
