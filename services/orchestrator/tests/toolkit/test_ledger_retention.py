"""A ledger's movements expire, and its balances never do."""

from datetime import timedelta

from orchestrator.toolkit.ledger import Ledger
from servicekit.state import ExpiringStore
from servicekit.testing import MemoryStateStore

KEPT = timedelta(days=400)


async def test_balances_stay_when_movements_have_expired() -> None:
    store = MemoryStateStore()
    ledger = Ledger(ExpiringStore(store, timedelta(days=90)), "stock", lambda _: 10, KEPT)
    await ledger.take("taken", "mug", 3)
    await ledger.deposit("deposited", "mug", 1)
    await ledger.take("compensated", "mug", 5)
    store.pass_time(KEPT / 2)
    assert await ledger.compensate("compensated") == 5
    assert await ledger.compensate("never") == 0
    store.pass_time(KEPT / 2)
    # Taken up again as if it had never been: what repeats a key must do so before.
    assert set(store.data) == {
        "stock:mug",
        "stock-movement:compensated",
        "stock-movement:never",
    }
    store.pass_time(KEPT)
    assert set(store.data) == {"stock:mug"}
    assert await ledger.balance("mug") == 8
