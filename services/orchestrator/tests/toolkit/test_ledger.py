"""A ledger's accounts add up, whatever crashes and runs concurrently."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from orchestrator.toolkit.ledger import KeyCompensated, KeyReused, Ledger, Shortage
from orchestrator.toolkit.ledger_records import Account, Movement, Status
from servicekit.state import Model, StoreUnavailable, Versioned
from servicekit.testing import MemoryStateStore

Data = dict[str, tuple[str, str]]
OPENING = 10


def replica(data: Data, crash: int | None = None, lands: bool = False) -> Ledger:
    store = MemoryStateStore(data)
    store.writes_until_crash, store.crash_lands = crash, lands
    return Ledger(store, "stock", lambda _: OPENING)


async def test_a_compensation_restores_the_opening_balance() -> None:
    ledger = replica({})
    assert await ledger.take("k", "mug", 4) is None
    assert await ledger.balance("mug") == 6
    assert await ledger.compensate("k") == 4
    assert await ledger.balance("mug") == 10


async def test_an_operation_that_is_repeated_counts_once() -> None:
    data: Data = {}
    for _ in range(3):
        await replica(data).take("k", "mug", 4)
        await replica(data).deposit("d", "mug", 1)
    assert await replica(data).balance("mug") == 7
    for _ in range(3):
        assert await replica(data).compensate("k") == 4
    assert await replica(data).balance("mug") == 11


async def test_a_balance_never_becomes_negative() -> None:
    ledger = replica({})
    assert await ledger.take("a", "mug", 11) == Shortage(10)
    assert await ledger.take("a", "mug", 10) is None
    assert await ledger.take("b", "mug", 1) == Shortage(0)


async def test_a_compensated_key_takes_nothing_any_more() -> None:
    ledger = replica({})
    assert await ledger.compensate("late") == 0
    await ledger.take("k", "mug", 1)
    await ledger.compensate("k")
    for key in ("late", "k"):
        with pytest.raises(KeyCompensated):
            await ledger.take(key, "mug", 1)
    assert await ledger.balance("mug") == 10


@pytest.mark.parametrize(("account", "amount"), [("mug", 2), ("lamp", 1)])
async def test_a_key_names_one_movement(account: str, amount: int) -> None:
    ledger = replica({})
    await ledger.take("k", "mug", 1)
    await ledger.deposit("d", "mug", 1)
    with pytest.raises(KeyReused):
        await ledger.take("k", account, amount)
    with pytest.raises(KeyReused):
        await ledger.deposit("d", account, amount)
    with pytest.raises(KeyReused):
        await ledger.compensate("d")
    assert (await ledger.balance("mug"), await ledger.balance("lamp")) == (10, 10)


async def test_writers_of_an_account_queue_up_whichever_ledger_they_use() -> None:
    """A route opens a ledger for each request."""
    store = MemoryStateStore()
    operations = (
        Ledger(store, "stock", lambda _: OPENING).deposit(f"{n}", "mug", 1) for n in range(40)
    )
    await asyncio.gather(*operations)
    assert await replica(store.data).balance("mug") == OPENING + 40
    assert store.calls["conflict"] == 0


async def test_another_amount_under_a_key_that_crashed_completes_the_first() -> None:
    data: Data = {}
    with pytest.raises(StoreUnavailable):
        await replica(data, crash=1).deposit("d", "mug", 5)
    with pytest.raises(KeyReused):
        await replica(data).deposit("d", "mug", 7)
    assert await replica(data).balance("mug") == 15


async def test_completed_operations_leave_the_account_record() -> None:
    data: Data = {}
    for i in range(20):
        await replica(data).take(f"{i}", "mug", 1)
        await replica(data).compensate(f"{i}")
    record = Account.model_validate_json(data["stock:mug"][0])
    assert len(record.open) <= 1


class Overtaken(MemoryStateStore):
    """A store where another writer comes in between, after so many of the calls."""

    def __init__(self, data: Data, after: int, somebody: Callable[[], Awaitable[None]]) -> None:
        super().__init__(data)
        self._after = after
        self._somebody = somebody

    async def get_many(
        self, keys: Iterable[str], model: type[Model]
    ) -> dict[str, Versioned[Model]]:
        found = await super().get_many(keys, model)
        await self._count()
        return found

    async def put(
        self, key: str, value: BaseModel, etag: str | None, *, ttl: timedelta | None = None
    ) -> None:
        await super().put(key, value, etag, ttl=ttl)
        await self._count()

    async def _count(self) -> None:
        self._after -= 1
        if self._after == 0:
            await self._somebody()


@pytest.mark.parametrize("after", range(1, 7))
@pytest.mark.parametrize("faster", ["take", "compensate"])
@pytest.mark.parametrize("kind", ["take", "compensate", "deposit"])
async def test_concurrent_operations_count_once(kind: str, faster: str, after: int) -> None:
    data: Data = {}
    if kind == "compensate":
        await replica(data).take("k", "mug", 4)

    async def operate(ledger: Ledger, kind: str) -> None:
        with contextlib.suppress(KeyCompensated):
            if kind == "take":
                await ledger.take("k", "mug", 4)
            elif kind == "deposit":
                await ledger.deposit("d", "mug", 4)
            else:
                await ledger.compensate("k")

    async def somebody() -> None:
        for what in (kind, faster):
            await operate(replica(data), what)
            # Settles the account, so that nothing is noted there any more.
            await replica(data).take(f"other-{what}", "mug", 1)

    await operate(Ledger(Overtaken(data, after, somebody), "stock", lambda _: OPENING), kind)
    assert await replica(data).balance("mug") == OPENING + moved(data, "mug")


OPERATION = st.tuples(
    st.sampled_from(["take", "compensate", "deposit"]),
    st.sampled_from(["a", "b", "c", "d", "e"]),
    st.one_of(st.none(), st.integers(0, 2)),
    st.booleans(),
)
ACCOUNT = {"a": "mug", "b": "mug", "c": "mug", "d": "lamp", "e": "lamp"}
AMOUNT = {"a": 3, "b": 4, "c": 5, "d": 6, "e": 7}


@settings(max_examples=200)
@given(st.lists(st.lists(OPERATION, min_size=1, max_size=5), min_size=1, max_size=6))
def test_accounts_add_up_across_crashes_and_concurrency(
    rounds: list[list[tuple[str, str, int | None, bool]]],
) -> None:
    async def operate(data: Data, kind: str, key: str, crash: int | None, lands: bool) -> None:
        ledger = replica(data, crash, lands)
        with contextlib.suppress(StoreUnavailable, KeyCompensated):
            if kind == "take":
                await ledger.take(f"{key}:take", ACCOUNT[key], AMOUNT[key])
            elif kind == "compensate":
                await ledger.compensate(f"{key}:take")
            else:
                await ledger.deposit(f"{key}:deposit", ACCOUNT[key], AMOUNT[key])

    async def story() -> None:
        data: Data = {}
        for at_once in rounds:
            await asyncio.gather(*(operate(data, *operation) for operation in at_once))
        # What crashed is repeated to its end, as a workflow would.
        for kind, key, _, _ in [o for at_once in rounds for o in at_once]:
            await operate(data, kind, key, None, False)
        for account in ("mug", "lamp"):
            balance = await replica(data).balance(account)
            assert balance == OPENING + moved(data, account)
            assert balance >= 0

    asyncio.run(story())


def moved(data: Data, account: str) -> int:
    """Return what the movements' records say: each is there once."""
    records = [
        Movement.model_validate_json(value)
        for key, (value, _) in data.items()
        if key.startswith("stock-movement:")
    ]
    signs = {Status.TAKEN: -1, Status.DEPOSITED: 1, Status.COMPENSATED: 0}
    return sum(signs[r.status] * r.amount for r in records if r.account == account)
