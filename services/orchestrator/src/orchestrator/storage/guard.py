"""Admission control: new work is refused while the store is nearly full, so that running work ends.

A store that is full refuses writes, and Redis refuses some of a transaction: a turn of a workflow
is then saved by half, and the instance can never be read again. So the rest of the store is for the
work that was accepted.
"""

import asyncio
from collections.abc import Sequence

import structlog

from contracts.problems import ProblemType
from orchestrator.storage.fill import Fill, FillSource, FillUnknown, fullest
from servicekit.problems import ProblemError

log = structlog.get_logger(__name__)

# Retention frees a store within minutes and not seconds.
RETRY_AFTER_SECONDS = 10


class StoreGuard:
    """Refuses new work while a store is nearly full; where none is measured, it refuses nothing."""

    def __init__(
        self, sources: Sequence[FillSource], full_ratio: float = 0.8, pause_seconds: float = 1.0
    ) -> None:
        """Guard a store.

        Args:
            sources: What is measured.
            full_ratio: From this part on that is used, new work is refused.
            pause_seconds: Between two measurements.
        """
        self._sources = sources
        self._full_ratio = full_ratio
        self._pause = pause_seconds
        self.fill: Fill | None = None
        """The fullest of what was measured last; None where nothing was."""
        self.unknown: str | None = None
        """Why the last measurement failed."""

    @property
    def measured(self) -> bool:
        """Whether there is anything to measure."""
        return bool(self._sources)

    @property
    def full(self) -> bool:
        """Whether new work is refused."""
        return self.fill is not None and self.fill.ratio >= self._full_ratio

    def admit(self) -> None:
        """Admit new work.

        Raises:
            ProblemError: The store is nearly full (503).
        """
        if self.full:
            raise ProblemError(
                ProblemType.UNAVAILABLE,
                f"The store is nearly full: {self.fill}. What was accepted continues; nothing new "
                f"is accepted from {self._full_ratio:.0%} on",
                retry_after=RETRY_AFTER_SECONDS,
            )

    async def watch(self) -> None:
        """Measure periodically until cancelled."""
        while True:
            await self.measure()
            await asyncio.sleep(self._pause)

    async def measure(self) -> None:
        """Measure once; what does not answer is as full as it was."""
        was_full, was_unknown = self.full, self.unknown
        try:
            self.fill = fullest([await source.read() for source in self._sources])
            self.unknown = None
        except FillUnknown as error:
            self.unknown = str(error)
            if was_unknown is None:
                log.warning("the fill of the store is unknown", error=self.unknown)
        if self.full != was_full:
            log.warning("admission changed", admits=not self.full, fill=str(self.fill))
