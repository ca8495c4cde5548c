"""Injected failures are counted across attempts, and say that they are injected."""

import pytest

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.toolkit.fault_injection import (
    InjectedFailure,
    PermanentInjectedFailure,
    inject_failures,
)
from servicekit.testing import MemoryStateStore


async def test_the_first_attempts_fail_and_those_after_them_succeed() -> None:
    store = MemoryStateStore()
    for number in (1, 2):
        with pytest.raises(InjectedFailure, match=f"^injected failure: attempt {number}$"):
            await inject_failures(store, "order-1:ship", 2)
    for _ in range(2):
        await inject_failures(store, "order-1:ship", 2)


async def test_attempts_are_counted_by_the_key_in_the_store() -> None:
    data: dict[str, tuple[str, str]] = {}
    with pytest.raises(InjectedFailure, match="attempt 1"):
        await inject_failures(MemoryStateStore(data), "order-1:ship", 2)
    with pytest.raises(InjectedFailure, match="attempt 1"):
        await inject_failures(MemoryStateStore(data), "order-2:ship", 2)
    # After a crash another process goes on counting.
    with pytest.raises(InjectedFailure, match="attempt 2"):
        await inject_failures(MemoryStateStore(data), "order-1:ship", 2)
    assert set(data) == {"attempts:order-1:ship", "attempts:order-2:ship"}


async def test_without_failures_nothing_is_counted() -> None:
    data: dict[str, tuple[str, str]] = {}
    await inject_failures(MemoryStateStore(data), "order-1:ship", 0)
    assert data == {}


def test_a_permanent_failure_is_not_retried() -> None:
    failure = PermanentInjectedFailure("document letter")
    assert str(failure) == "injected failure: document letter"
    assert isinstance(failure, InjectedFailure)
    assert isinstance(failure, NonRetryableError)
