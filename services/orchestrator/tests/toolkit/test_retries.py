"""How long steps and compensations are retried, by the arithmetic of the SDK."""

import importlib
import pkgutil
from datetime import datetime, timedelta

import pytest
from dapr.ext.workflow import RetryPolicy

import orchestrator
from orchestrator.dapr_sdk.private import RetryableTask
from orchestrator.toolkit.retries import RETRY, RETRY_FIRST, RETRY_IN_ONE_HISTORY


def pause_after(attempt: int, policy: RetryPolicy = RETRY_IN_ONE_HISTORY) -> timedelta | None:
    """Return how long the SDK waits after a failed attempt; None where it gives up."""
    start = datetime(2026, 1, 1)  # noqa: DTZ001 - naive, as the SDK has it
    task: RetryableTask[object] = RetryableTask(
        policy.obj, start_time=start, is_sub_orch=False, task_name="undo"
    )
    for _ in range(attempt - 1):
        task.increment_attempt_count()
    return task.compute_next_delay()


def policies() -> dict[str, RetryPolicy]:
    """Return every retry policy of the package, by its name."""
    found = {}
    for info in pkgutil.walk_packages(orchestrator.__path__, "orchestrator."):
        if info.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(info.name)).items():
            if isinstance(value, RetryPolicy):
                found[f"{info.name}.{name}"] = value
    return found


POLICIES = policies()


@pytest.mark.parametrize("attempt", [1, 2, 11, 1_000, 1_024])
def test_what_is_retried_in_one_history_is_retried(attempt: int) -> None:
    pause = pause_after(attempt)
    assert pause is not None
    assert pause <= timedelta(minutes=10)


def test_what_is_retried_in_one_history_is_retried_for_a_week() -> None:
    pauses = [pause_after(attempt) or timedelta() for attempt in range(1, 1_025)]
    assert sum(pauses, timedelta()) > timedelta(days=7)
    assert pause_after(1_025) is None


def test_the_first_attempts_take_25_minutes_and_are_a_minute_apart_at_most() -> None:
    pauses = [pause_after(attempt, RETRY_FIRST) or timedelta() for attempt in range(1, 30)]
    assert timedelta(minutes=24) < sum(pauses, timedelta()) < timedelta(minutes=25)
    assert max(pauses) == timedelta(minutes=1)
    assert pause_after(30, RETRY_FIRST) is None


def test_who_retried_in_one_history_is_retried_as_often_and_no_later() -> None:
    """So instances that began under the one continue under the other: a timer's time may differ."""
    attempts = range(1, RETRY_FIRST.max_number_of_attempts)
    pauses = [(pause_after(n, RETRY_FIRST), pause_after(n)) for n in attempts]
    assert all(now is not None and then is not None and now <= then for now, then in pauses)


def test_a_step_is_retried_as_documented() -> None:
    seconds = (
        RETRY.first_retry_interval.total_seconds(),
        RETRY.max_number_of_attempts,
        RETRY.backoff_coefficient,
        RETRY.max_retry_interval.total_seconds(),  # type: ignore[union-attr]
        RETRY.retry_timeout.total_seconds(),  # type: ignore[union-attr]
    )
    assert seconds == (1, 3, 2, 10, 100)


def test_the_sdk_overflows_after_1_025_attempts() -> None:
    """Where it no longer does, the policies may have more."""
    endless = RetryPolicy(
        first_retry_interval=timedelta(seconds=1),
        max_number_of_attempts=100_000,
        backoff_coefficient=2.0,
        max_retry_interval=timedelta(minutes=10),
    )
    assert pause_after(1_024, endless) == timedelta(minutes=10)
    with pytest.raises(OverflowError):
        pause_after(1_025, endless)


@pytest.mark.parametrize("name", POLICIES)
def test_no_policy_can_overflow(name: str) -> None:
    policy = POLICIES[name]
    for attempt in {1, policy.max_number_of_attempts - 1, policy.max_number_of_attempts}:
        pause_after(attempt, policy)
    assert pause_after(policy.max_number_of_attempts, policy) is None


def test_all_policies_are_found() -> None:
    assert "orchestrator.toolkit.retries.RETRY_IN_ONE_HISTORY" in POLICIES
