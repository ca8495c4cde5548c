"""How often a caller may start instances and upload: a rate for each client address.

The counts are this process's own. Behind a proxy all callers have its address, unless uvicorn
trusts it (FORWARDED_ALLOW_IPS): then a gateway is the place for rates, and these bound all
callers together.
"""

import math
import time

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from contracts.problems import ProblemType
from servicekit.problems import ProblemError


class RateLimits:
    """The rates of starts and of uploads."""

    def __init__(self, starts_per_minute: int, uploads_per_minute: int) -> None:
        """Allow so many of each in a minute, for each address; 0 is without a limit."""
        self._starts = _per_minute(starts_per_minute)
        self._uploads = _per_minute(uploads_per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def count_start(self, request: Request) -> None:
        """Count a start.

        Raises:
            ProblemError: It is one too many (429).
        """
        await self._count("starts", self._starts, request)

    async def count_upload(self, request: Request) -> None:
        """Count an upload.

        Raises:
            ProblemError: It is one too many (429).
        """
        await self._count("uploads", self._uploads, request)

    async def _count(self, what: str, rate: RateLimitItem | None, request: Request) -> None:
        if rate is None:
            return
        client = request.client.host if request.client else "unknown"
        if await self._limiter.hit(rate, what, client):
            return
        window = await self._limiter.get_window_stats(rate, what, client)
        raise ProblemError(
            ProblemType.TOO_MANY_REQUESTS,
            f"No more than {rate.amount} {what} a minute are accepted from one address",
            retry_after=max(1, math.ceil(window.reset_time - time.time())),
        )


def _per_minute(amount: int) -> RateLimitItem | None:
    return RateLimitItemPerMinute(amount) if amount else None
