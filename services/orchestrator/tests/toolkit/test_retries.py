"""How long compensations are tried, by the SDK's own arithmetic."""

from datetime import datetime, timedelta

import pytest

from orchestrator.dapr_sdk.private import RetryableTask
from orchestrator.toolkit.retries import RETRY_COMPENSATION


def pause_after(attempt: int) -> timedelta | None:
    """Return how long the SDK waits after a failed attempt; None where it gives up."""
    start = datetime(2026, 1, 1)  # noqa: DTZ001 - naive, as the SDK has it
    task: RetryableTask[object] = RetryableTask(
        RETRY_COMPENSATION.obj, start_time=start, is_sub_orch=False, task_name="undo"
    )
    for _ in range(attempt - 1):
        task.increment_attempt_count()
    return task.compute_next_delay()


@pytest.mark.parametrize("attempt", [1, 2, 11, 1_000, 1_024])
def test_a_compensation_is_tried_again(attempt: int) -> None:
    pause = pause_after(attempt)
    assert pause is not None
    assert pause <= timedelta(minutes=10)


def test_a_compensation_is_tried_for_a_week() -> None:
    pauses = [pause_after(attempt) or timedelta() for attempt in range(1, 1_025)]
    assert sum(pauses, timedelta()) > timedelta(days=7)
    assert pause_after(1_025) is None
