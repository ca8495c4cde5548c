"""The state store: first-write, updates by ETag, and what a sidecar's errors mean."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

import pytest
from pydantic import BaseModel

from servicekit.state import (
    MAX_TRIES,
    PERMANENT,
    Conflict,
    ExpiringStore,
    Model,
    StoreUnavailable,
    Versioned,
    until_written,
)
from servicekit.testing import MemoryStateStore


class Count(BaseModel):
    n: int = 0


def plus_one(count: Count | None) -> Count:
    return Count(n=(count.n if count else 0) + 1)


class ContendedStore(MemoryStateStore):
    """A store in which another writer acts after each of the first `times` reads."""

    def __init__(self, times: int, act: Callable[[MemoryStateStore], Awaitable[object]]) -> None:
        super().__init__()
        self._times = times
        self._act = act

    async def get_many(
        self, keys: Iterable[str], model: type[Model]
    ) -> dict[str, Versioned[Model]]:
        found = await super().get_many(keys, model)
        if self._times > 0:
            self._times -= 1
            await self._act(MemoryStateStore(self.data))
        return found


async def value(store: MemoryStateStore) -> int | None:
    read = (await store.get("k", Count)).value
    return read.n if read else None


async def test_put_if_absent_creates_a_missing_key() -> None:
    store = MemoryStateStore()
    assert await store.put_if_absent("k", Count(n=1)) == (Count(n=1), True)
    assert await value(store) == 1


async def test_put_if_absent_returns_and_keeps_an_existing_value_without_a_write() -> None:
    store = MemoryStateStore()
    await store.put_if_absent("k", Count(n=1))
    writes = store.calls["write"]
    assert await store.put_if_absent("k", Count(n=2)) == (Count(n=1), False)
    assert await value(store) == 1
    assert store.calls["write"] == writes


async def test_put_if_absent_returns_the_value_of_a_concurrent_writer() -> None:
    store = ContendedStore(1, lambda other: other.put("k", Count(n=7), None))
    assert await store.put_if_absent("k", Count(n=1)) == (Count(n=7), False)
    assert await value(store) == 7


async def test_of_concurrent_writers_exactly_one_creates_the_key() -> None:
    data: dict[str, tuple[str, str]] = {}
    results = await asyncio.gather(
        *(MemoryStateStore(data).put_if_absent("k", Count(n=n)) for n in range(10))
    )
    assert [created for _, created in results].count(True) == 1
    assert len({kept.n for kept, _ in results}) == 1


async def test_put_if_absent_repeated_after_a_lost_answer_returns_the_written_value() -> None:
    store = MemoryStateStore()
    store.writes_until_crash, store.crash_lands = 0, True
    with pytest.raises(StoreUnavailable):
        await store.put_if_absent("k", Count(n=1))
    assert await store.put_if_absent("k", Count(n=1)) == (Count(n=1), False)


async def test_update_creates_and_changes_a_value() -> None:
    store = MemoryStateStore()
    assert await store.update("k", Count, plus_one) == Count(n=1)
    assert await store.update("k", Count, plus_one) == Count(n=2)
    assert await value(store) == 2


async def test_update_applies_the_change_again_after_a_conflict() -> None:
    store = ContendedStore(3, lambda other: other.update("k", Count, plus_one))
    assert await store.update("k", Count, plus_one) == Count(n=4)
    assert await value(store) == 4
    assert store.calls["conflict"] == 3


async def test_concurrent_updates_are_all_applied() -> None:
    store = MemoryStateStore()
    await asyncio.gather(*(store.update("k", Count, plus_one) for _ in range(10)))
    assert await value(store) == 10


@pytest.mark.parametrize("result", [None, Count(n=5)], ids=["none", "an equal value"])
async def test_update_writes_nothing_where_nothing_changes(result: Count | None) -> None:
    store = MemoryStateStore()
    await store.put("k", Count(n=5), None)
    assert await store.update("k", Count, lambda _: result) == result
    assert store.calls["write"] == 1


async def test_an_error_of_the_change_ends_the_update() -> None:
    store = MemoryStateStore()

    def refuse(_: Count | None) -> Count:
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        await store.update("k", Count, refuse)
    assert store.calls["write"] == 0


async def test_update_gives_up_after_a_bounded_number_of_conflicts() -> None:
    store = ContendedStore(MAX_TRIES + 5, lambda other: other.update("k", Count, plus_one))
    with pytest.raises(StoreUnavailable, match="k is contended"):
        await store.update("k", Count, plus_one)
    assert store.calls["conflict"] == MAX_TRIES


async def test_until_written_repeats_conflicts_only() -> None:
    attempts = 0

    async def attempt() -> int:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise Conflict("k")
        if attempts == 2:
            raise StoreUnavailable("down")
        return attempts

    with pytest.raises(StoreUnavailable, match="down"):
        await until_written("k", attempt)
    assert await until_written("k", attempt) == 3


async def test_the_store_of_tests_expires_and_deletes_as_the_real_ones_do() -> None:
    store = MemoryStateStore()
    day = timedelta(days=1)
    await store.put("k", Count(n=1), None, ttl=day)
    await store.put_if_absent("stays", Count(n=1))
    store.pass_time(day / 2)
    await store.update("k", Count, plus_one, ttl=day)
    store.pass_time(day / 2)
    assert await value(store) == 2
    store.pass_time(day / 2)
    assert list(store.data) == ["stays"]

    with pytest.raises(Conflict):
        await store.delete("stays", "7")
    await store.delete("stays", "1")
    await store.delete("stays", "1")
    assert store.data == {}


async def test_keys_of_an_expiring_store_expire_unless_they_are_permanent() -> None:
    store = MemoryStateStore()
    expiring = ExpiringStore(store, timedelta(days=2))
    await expiring.put("put", Count(), None)
    await expiring.overwrite("over", Count())
    await expiring.put_if_absent("absent", Count())
    await expiring.update("updated", Count, plus_one)
    await expiring.put("own", Count(), None, ttl=timedelta(days=3))
    await expiring.put("stays", Count(), None, ttl=PERMANENT)
    assert (await expiring.get("stays", Count)).value == Count()
    store.pass_time(timedelta(days=2))
    assert set(store.data) == {"own", "stays"}
    await expiring.delete("own", "1")
    assert set(await expiring.get_many(["stays"], Count)) == set(store.data) == {"stays"}
    assert expiring.locks is store.locks
