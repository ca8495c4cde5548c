"""Waits until an operation has taken effect: an operation reaches an instance by its inbox."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from contracts.problems import ProblemType
from orchestrator.operations.allowed import ALLOWED, REACHED
from orchestrator.operations.instances import Instances
from orchestrator.schemas.operations import Operation
from orchestrator.schemas.workflows import TERMINAL, RuntimeStatus
from servicekit.problems import ProblemError

EFFECT_TIMEOUT_SECONDS = 5.0
EFFECT_POLL_SECONDS = 0.05
# Dapr before 1.18.4 loses a terminate that comes among other events, or while suspended.
AGAIN_SECONDS = 1.0

Again = Callable[[RuntimeStatus], Awaitable[None]]
"""Asks once more for an operation, given the status that the instance still has."""


async def wait_for_effect(
    instances: Instances, operation: Operation, instance_id: str, again: Again | None = None
) -> RuntimeStatus | None:
    """Return the status of an instance once an operation has taken effect.

    Args:
        instances: Reads the instance.
        operation: What was asked for.
        instance_id: Of which instance.
        again: Is called each second in which there is no effect yet.

    Returns:
        Its status; None where there is no such instance any more.

    Raises:
        ProblemError: There is no effect after 5 seconds (503), or the instance has ended in
            another way (409).
    """
    # Not a shared retry helper: what is polled is a status, and some are asked for again.
    begun = time.monotonic()
    asked = begun
    while True:
        state = await instances.state(instance_id)
        if state is None or state.status not in ALLOWED[operation]:
            return None if state is None else _reached(operation, instance_id, state.status)
        now = time.monotonic()
        if now - begun > EFFECT_TIMEOUT_SECONDS:
            raise ProblemError(
                ProblemType.UNAVAILABLE,
                f"{operation} of {instance_id} has no effect after {EFFECT_TIMEOUT_SECONDS:g} s: "
                f"it is still {state.status}. Repeat the request",
                retry_after=1,
            )
        if again is not None and now - asked > AGAIN_SECONDS:
            await again(state.status)
            asked = now
        await asyncio.sleep(EFFECT_POLL_SECONDS)


def _reached(operation: Operation, instance_id: str, status: RuntimeStatus) -> RuntimeStatus:
    # What was resumed may end at once.
    if operation is Operation.RESUME or status in REACHED[operation] or status not in TERMINAL:
        return status
    raise ProblemError(
        ProblemType.WRONG_STATE, f"{instance_id} ended before ({status}): nothing was done"
    )
