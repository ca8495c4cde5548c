"""The accounts: repeated, crashed, late and concurrent calls."""

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest

from orchestrator.workflows.onboarding.adapters.accounts import (
    Account,
    AccountRefused,
    AccountStatus,
    StoredAccounts,
)
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore
from workflows.onboarding.crashing_store import CRASHES, crashing

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def opened(accounts: StoredAccounts, key: str = "k1") -> Account:
    return await accounts.open(key, "c", "Ada", "ada@example.com", NOW)


async def status(store: MemoryStateStore) -> AccountStatus | None:
    found = await StoredAccounts(store).find("c")
    return found.status if found else None


async def test_an_account_is_opened_once_under_a_key() -> None:
    accounts = StoredAccounts(MemoryStateStore())
    first = await opened(accounts)
    assert await accounts.open("k1", "c", "Ada", "ada@example.com", datetime.now(UTC)) == first
    with pytest.raises(AccountRefused, match="already"):
        await opened(accounts, "k2")


async def test_a_closed_account_has_no_personal_data() -> None:
    accounts = StoredAccounts(MemoryStateStore())
    await opened(accounts)
    for _ in range(2):
        await accounts.close("k1", "c", NOW)
    assert await accounts.find("c") == Account(
        customer_id="c", status=AccountStatus.CLOSED, opened_at=NOW, closed_at=NOW
    )


async def test_an_account_cannot_be_opened_under_a_closed_key() -> None:
    store = MemoryStateStore()
    accounts = StoredAccounts(store)
    await accounts.close("k1", "c", NOW)
    with pytest.raises(AccountRefused, match="closed"):
        await opened(accounts, "k1")
    # Another onboarding of the customer is not concerned, whatever becomes of it.
    await opened(accounts, "k2")
    await accounts.close("k1", "c", NOW)
    assert await status(store) is AccountStatus.OPEN
    await accounts.close("k2", "c", NOW)
    for key in ("k1", "k2"):
        with pytest.raises(AccountRefused, match="closed"):
            await opened(accounts, key)


async def test_closing_leaves_the_account_of_another_key_open() -> None:
    store = MemoryStateStore()
    accounts = StoredAccounts(store)
    await opened(accounts, "k2")
    await accounts.close("k1", "c", NOW)
    assert await status(store) is AccountStatus.OPEN
    await accounts.close("k2", "c", NOW)
    assert await status(store) is AccountStatus.CLOSED
    with pytest.raises(AccountRefused):
        await opened(accounts, "k1")


@CRASHES
async def test_opening_can_be_retried_after_a_crash(lands: bool) -> None:
    store = MemoryStateStore()
    with contextlib.suppress(StoreUnavailable):
        await opened(StoredAccounts(crashing(store, lands)))
    assert (await opened(StoredAccounts(store))).status is AccountStatus.OPEN


@CRASHES
@pytest.mark.parametrize("before", [True, False])
async def test_closing_can_be_retried_after_a_crash(lands: bool, before: bool) -> None:
    store = MemoryStateStore()
    if before:
        await opened(StoredAccounts(store))
    with contextlib.suppress(StoreUnavailable):
        await StoredAccounts(crashing(store, lands)).close("k1", "c", NOW)
    await StoredAccounts(store).close("k1", "c", NOW)
    assert await status(store) is AccountStatus.CLOSED


async def test_of_concurrent_openings_one_succeeds() -> None:
    store = MemoryStateStore()
    results = await asyncio.gather(
        *(opened(StoredAccounts(store), key) for key in ("k1", "k2", "k3")), return_exceptions=True
    )
    assert sorted(type(r).__name__ for r in results) == [
        "Account",
        "AccountRefused",
        "AccountRefused",
    ]


async def test_opening_and_closing_concurrently_leave_the_account_closed() -> None:
    store = MemoryStateStore()
    await asyncio.gather(
        opened(StoredAccounts(store)),
        StoredAccounts(store).close("k1", "c", NOW),
        return_exceptions=True,
    )
    assert await status(store) is AccountStatus.CLOSED
