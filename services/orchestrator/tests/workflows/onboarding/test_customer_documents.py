"""The records of documents: repeated, crashed and deleted."""

import contextlib

import pytest

from orchestrator.workflows.onboarding.adapters.customer_documents import DocumentDeleted, Documents
from orchestrator.workflows.onboarding.models import CustomerDocument, DocumentKind
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore
from workflows.onboarding.crashing_store import CRASHES, crashing

SCAN = CustomerDocument(kind=DocumentKind.IDENTITY_CARD, reference="scan.pdf")
OTHER = CustomerDocument(kind=DocumentKind.IDENTITY_CARD, reference="other.pdf")


async def test_the_first_record_under_a_key_stays() -> None:
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
async def test_keeping_and_deleting_can_be_retried_after_a_crash(lands: bool) -> None:
    store = MemoryStateStore()
    with contextlib.suppress(StoreUnavailable):
        await Documents(crashing(store, lands)).keep("d", SCAN)
    await Documents(store).keep("d", SCAN)
    assert await Documents(store).find(["d"]) == [SCAN]
    with contextlib.suppress(StoreUnavailable):
        await Documents(crashing(store, lands)).delete("d")
    await Documents(store).delete("d")
    assert await Documents(store).find(["d"]) == []
