"""Accounts and documents' records: repeated, crashed, late, and at once."""

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
from orchestrator.workflows.onboarding.adapters.customer_documents import DocumentDeleted, Documents
from orchestrator.workflows.onboarding.models import Document, DocumentKind
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CRASHES = pytest.mark.parametrize("lands", [True, False])
SCAN = Document(kind=DocumentKind.IDENTITY_CARD, reference="scan.pdf")
OTHER = Document(kind=DocumentKind.IDENTITY_CARD, reference="other.pdf")


def crashing(store: MemoryStateStore, lands: bool) -> MemoryStateStore:
    crashing = MemoryStateStore(store.data)
    crashing.writes_until_crash, crashing.crash_lands = 0, lands
    return crashing


async def opened(accounts: StoredAccounts, key: str = "k1") -> Account:
    return await accounts.open(key, "c", "Ada", "ada@example.com", NOW)


async def status(store: MemoryStateStore) -> AccountStatus | None:
    found = await StoredAccounts(store).find("c")
    return found.status if found else None


async def test_an_account_is_opened_once_a_key() -> None:
    accounts = StoredAccounts(MemoryStateStore())
    first = await opened(accounts)
    assert await accounts.open("k1", "c", "Ada", "ada@example.com", datetime.now(UTC)) == first
    with pytest.raises(AccountRefused, match="already"):
        await opened(accounts, "k2")


async def test_a_closed_account_knows_nothing_of_the_customer() -> None:
    accounts = StoredAccounts(MemoryStateStore())
    await opened(accounts)
    for _ in range(2):
        await accounts.close("k1", "c", NOW)
    assert await accounts.find("c") == Account(
        customer_id="c", status=AccountStatus.CLOSED, opened_at=NOW, closed_at=NOW
    )


async def test_nothing_opens_under_a_closed_key_however_late() -> None:
    accounts = StoredAccounts(MemoryStateStore())
    await accounts.close("k1", "c", NOW)
    with pytest.raises(AccountRefused, match="closed"):
        await opened(accounts, "k1")
    # Another onboarding of the customer is not concerned, whatever becomes of it.
    await opened(accounts, "k2")
    await accounts.close("k1", "c", NOW)
    assert await status(accounts._store) is AccountStatus.OPEN  # type: ignore[arg-type]
    await accounts.close("k2", "c", NOW)
    for key in ("k1", "k2"):
        with pytest.raises(AccountRefused, match="closed"):
            await opened(accounts, key)


async def test_closing_what_another_key_opened_leaves_it_open() -> None:
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
async def test_an_opening_that_crashed_is_taken_up_again(lands: bool) -> None:
    store = MemoryStateStore()
    with contextlib.suppress(StoreUnavailable):
        await opened(StoredAccounts(crashing(store, lands)))
    assert (await opened(StoredAccounts(store))).status is AccountStatus.OPEN


@CRASHES
@pytest.mark.parametrize("before", [True, False])
async def test_a_closing_that_crashed_is_taken_up_again(lands: bool, before: bool) -> None:
    store = MemoryStateStore()
    if before:
        await opened(StoredAccounts(store))
    with contextlib.suppress(StoreUnavailable):
        await StoredAccounts(crashing(store, lands)).close("k1", "c", NOW)
    await StoredAccounts(store).close("k1", "c", NOW)
    assert await status(store) is AccountStatus.CLOSED


async def test_of_two_openings_at_once_one_holds() -> None:
    store = MemoryStateStore()
    results = await asyncio.gather(
        *(opened(StoredAccounts(store), key) for key in ("k1", "k2", "k3")), return_exceptions=True
    )
    assert sorted(type(r).__name__ for r in results) == [
        "Account",
        "AccountRefused",
        "AccountRefused",
    ]


async def test_an_opening_and_its_closing_at_once_leave_nothing_open() -> None:
    store = MemoryStateStore()
    await asyncio.gather(
        opened(StoredAccounts(store)),
        StoredAccounts(store).close("k1", "c", NOW),
        return_exceptions=True,
    )
    assert await status(store) is AccountStatus.CLOSED


async def test_the_first_record_of_a_document_stays() -> None:
    documents = Documents(MemoryStateStore())
    await documents.keep("d", SCAN)
    await documents.keep("d", OTHER)
    assert await documents.find(["d", "none"]) == [SCAN]


@pytest.mark.parametrize("kept", [True, False])
async def test_a_deleted_record_cannot_be_kept_again(kept: bool) -> None:
    store = MemoryStateStore()
    documents = Documents(store)
    if kept:
        await documents.keep("d", SCAN)
    for _ in range(2):
        await documents.delete("d")
    assert await documents.find(["d"]) == []
    assert "scan.pdf" not in str(store.data)
    with pytest.raises(DocumentDeleted):
        await documents.keep("d", SCAN)


@CRASHES
async def test_records_survive_crashes(lands: bool) -> None:
    store = MemoryStateStore()
    with contextlib.suppress(StoreUnavailable):
        await Documents(crashing(store, lands)).keep("d", SCAN)
    await Documents(store).keep("d", SCAN)
    assert await Documents(store).find(["d"]) == [SCAN]
    with contextlib.suppress(StoreUnavailable):
        await Documents(crashing(store, lands)).delete("d")
    await Documents(store).delete("d")
    assert await Documents(store).find(["d"]) == []
