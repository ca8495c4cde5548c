"""What the engine's gRPC errors mean: a torn read is repeated, anything else is a 503."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog
from grpc.aio import AioRpcError

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.torn import TornInstance
from servicekit.problems import ProblemError

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

# A state that is read while a turn is being saved can be torn. Dapr's own remedy is the same five
# attempts, 15 ms apart: this goes when the minimum is Dapr 1.18.3.
TORN_READ = "declared in metadata"
TORN_READ_ATTEMPTS = 5
TORN_READ_PAUSE_SECONDS = 0.015


@contextmanager
def engine_errors() -> Iterator[None]:
    """Turn an error of the engine's API into a problem.

    Raises:
        ProblemError: The engine does not answer (503).
    """
    try:
        yield
    except AioRpcError as error:
        raise unavailable(error) from error


async def retry_torn_read(call: Callable[[], Awaitable[Result]]) -> Result:
    """Return the result of a call, which is repeated while it reads a torn state.

    Args:
        call: A call that does the same however often it is made.

    Raises:
        AioRpcError: The engine does not answer, or the read stays torn.
    """
    # Not by tenacity or stamina: they cost 55 µs a call, and every read of an instance is one.
    for _ in range(TORN_READ_ATTEMPTS - 1):
        try:
            return await call()
        except AioRpcError as error:
            if not is_torn(error):
                raise
            await asyncio.sleep(TORN_READ_PAUSE_SECONDS)
    return await call()


def is_torn(error: AioRpcError) -> bool:
    """Return whether a read found the state of an instance incomplete."""
    return TORN_READ in (error.details() or "")


def unavailable(error: AioRpcError) -> ProblemError:
    """Return the problem that the engine does not answer, or cannot read the instance any more."""
    if isinstance(error, TornInstance):
        return ProblemError(
            ProblemType.INSTANCE_TORN,
            f"Its stored state is incomplete, so that it never continues: {error.details()}. "
            "POST /instances/{id}/remove-torn compensates its effects and removes it",
        )
    log.warning("workflow engine failed", code=error.code().name, details=error.details())
    return ProblemError(
        ProblemType.UNAVAILABLE,
        f"The workflow engine does not answer ({error.code().name}); nothing is lost, try again",
        retry_after=1,
    )
