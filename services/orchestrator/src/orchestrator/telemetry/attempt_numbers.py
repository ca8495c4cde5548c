"""Which attempt at a step this is, where an attempt at it has failed."""

import asyncio
from typing import NamedTuple

import structlog
from cachetools import LRUCache
from grpc.aio import AioRpcError

from orchestrator.dapr_sdk.management import History

log = structlog.get_logger(__name__)

# Of steps that fail and have not succeeded since.
KEPT = 10_000
# The step is not to wait long for what only tells of it.
PATIENCE_SECONDS = 1.0


class Attempt(NamedTuple):
    """An attempt at a step, as the engine tells it to an activity.

    Args:
        instance_id: The workflow instance.
        execution_id: What all attempts at the step have in common.
        task_id: What is this attempt's alone, however often the engine hands it out.
    """

    instance_id: str
    execution_id: str
    task_id: int


class Attempts:
    """Numbers the attempts, for the engine does not tell an activity which of them it is.

    Its history knows, and is asked where an attempt fails: rarely enough to cost nothing. The
    attempts after it are counted from there, in this process.
    """

    def __init__(self, history: History) -> None:
        """Count by what `history` returns for an instance."""
        self._history = history
        self._failed: LRUCache[str, tuple[int, int]] = LRUCache(KEPT)

    def begun(self, attempt: Attempt) -> int | None:
        """Return the number of an attempt after a failed one; None for any other."""
        if (failed := self._failed.get(attempt.execution_id)) is None:
            return None
        task_id, number = failed
        return number if task_id == attempt.task_id else number + 1

    async def failed(self, attempt: Attempt) -> int | None:
        """Return the number of an attempt that failed; None where the engine does not answer."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                events = await self._history(attempt.instance_id)
        except (AioRpcError, TimeoutError) as error:
            log.debug("an attempt has no number", error=type(error).__name__)
            return None
        tried = {
            event.eventId
            for event in events
            if event.HasField("taskScheduled")
            and event.taskScheduled.taskExecutionId == attempt.execution_id
        }
        # The engine may hand out an attempt before it has written it down.
        number = len(tried | {attempt.task_id})
        self._failed[attempt.execution_id] = attempt.task_id, number
        return number

    def succeeded(self, attempt: Attempt) -> None:
        """Forget the step."""
        self._failed.pop(attempt.execution_id, None)
