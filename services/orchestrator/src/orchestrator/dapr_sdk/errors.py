"""What the engine's gRPC errors mean: a torn read is read again, anything else is a 503."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from grpc.aio import AioRpcError

from contracts.problems import ProblemType
from servicekit.problems import ProblemError

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

# A status that is read while a turn is being saved can be torn. Dapr's own remedy is the same five
# tries, 15 ms apart: this goes when the minimum is Dapr 1.18.3.
TORN_READ = "declared in metadata"
TORN_READ_TRIES = 5
TORN_READ_PAUSE = 0.015


async def reading(read: Callable[[], Awaitable[Result]]) -> Result:
    """Return what `read` asks of the engine, again where it was torn; 503 where it fails."""
    try:
        return await untorn(read)
    except AioRpcError as error:
        raise unavailable(error) from error


async def untorn(read: Callable[[], Awaitable[Result]]) -> Result:
    """Return what `read` does, which is repeated while it is torn.

    Raises:
        AioRpcError: The engine does not answer, or the read stays torn.
    """
    for _ in range(TORN_READ_TRIES - 1):
        try:
            return await read()
        except AioRpcError as error:
            if TORN_READ not in (error.details() or ""):
                raise
            await asyncio.sleep(TORN_READ_PAUSE)
    return await read()


def unavailable(error: AioRpcError) -> ProblemError:
    """Return the problem that the engine does not answer."""
    log.warning("workflow engine failed", code=error.code().name, details=error.details())
    return ProblemError(
        ProblemType.UNAVAILABLE,
        f"The workflow engine does not answer ({error.code().name}); nothing is lost, try again",
        retry_after=1,
    )
