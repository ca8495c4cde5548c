"""Which attempt at an activity this is, once one has failed."""

import asyncio
from typing import NamedTuple

import structlog
from cachetools import LRUCache
from grpc.aio import AioRpcError

from orchestrator.dapr_sdk.management import History

log = structlog.get_logger(__name__)

# Activities that fail and have not succeeded since.
MAX_CACHED = 10_000
# Telemetry must not hold up the activity.
TIMEOUT_SECONDS = 1.0


class Attempt(NamedTuple):
    """An attempt at an activity, as its context identifies it.

    Args:
        instance_id: The workflow instance.
        execution_id: What all attempts at the activity have in common.
        task_id: Of this attempt alone, however often the engine dispatches it.
    """

    instance_id: str
    execution_id: str
    task_id: int


class AttemptNumbers:
    """Numbers the attempts, which the engine does not pass to an activity.

    The history has them, and is read where an attempt fails: rarely enough to cost nothing. The
    attempts after it are counted from there, in this process.
    """

    def __init__(self, history: History) -> None:
        """Count by the events that `history` returns."""
        self._history = history
        self._failed: LRUCache[str, tuple[int, int]] = LRUCache(MAX_CACHED)

    def begun(self, attempt: Attempt) -> int | None:
        """Return the number of an attempt after a failed one; None for any other."""
        if (failed := self._failed.get(attempt.execution_id)) is None:
            return None
        task_id, number = failed
        return number if task_id == attempt.task_id else number + 1

    async def failed(self, attempt: Attempt) -> int | None:
        """Return the number of an attempt that failed; None where the engine does not answer."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                events = await self._history(attempt.instance_id)
        except (AioRpcError, TimeoutError) as error:
            log.debug("attempt number unknown", error=type(error).__name__)
            return None
        tried = {
            event.eventId
            for event in events
            if event.HasField("taskScheduled")
            and event.taskScheduled.taskExecutionId == attempt.execution_id
        }
        # The engine may dispatch an attempt before it has saved it.
        number = len(tried | {attempt.task_id})
        self._failed[attempt.execution_id] = attempt.task_id, number
        return number

    def succeeded(self, attempt: Attempt) -> None:
        """Forget the activity."""
        self._failed.pop(attempt.execution_id, None)
