"""How long steps and compensations are retried, by the arithmetic of the SDK."""

from datetime import datetime, timedelta

import pytest

from orchestrator.dapr_sdk.private import RetryableTask
from orchestrator.toolkit.retries import RETRY, RETRY_COMPENSATION


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
def test_a_compensation_is_retried(attempt: int) -> None:
    pause = pause_after(attempt)
    assert pause is not None
    assert pause <= timedelta(minutes=10)


def test_a_compensation_is_retried_for_a_week() -> None:
    pauses = [pause_after(attempt) or timedelta() for attempt in range(1, 1_025)]
    assert sum(pauses, timedelta()) > timedelta(days=7)
    assert pause_after(1_025) is None


def test_a_step_is_retried_as_documented() -> None:
    seconds = (
        RETRY.first_retry_interval.total_seconds(),
        RETRY.max_number_of_attempts,
        RETRY.backoff_coefficient,
        RETRY.max_retry_interval.total_seconds(),  # type: ignore[union-attr]
        RETRY.retry_timeout.total_seconds(),  # type: ignore[union-attr]
    )
    assert seconds == (1, 3, 2, 10, 100)
