"""A sequence: numbers are unique, pages are newest first, and gaps are skipped."""

import asyncio
from collections import Counter

import pytest

from servicekit.sequence import Sequence, next_before
from servicekit.state import MAX_TRIES, StoreUnavailable
from servicekit.testing import MemoryStateStore


async def filled(store: MemoryStateStore, count: int) -> Sequence:
    sequence = Sequence(store)
    for _ in range(count):
        number = await sequence.reserve("s")
        await sequence.place("s", number, f"key {number}")
    return sequence


async def test_numbers_begin_at_zero_and_are_per_name() -> None:
    sequence = Sequence(MemoryStateStore())
    assert [await sequence.reserve("a") for _ in range(3)] == [0, 1, 2]
    assert await sequence.reserve("b") == 0
    assert await sequence.newest("a") == 3
    assert await sequence.newest("nothing") == 0


@pytest.mark.parametrize("replicas", [1, 4])
async def test_concurrent_writers_get_different_numbers(replicas: int) -> None:
    store = MemoryStateStore()
    sequences = [Sequence(MemoryStateStore(store.data)) for _ in range(replicas)]
    numbers = await asyncio.gather(*(sequences[n % replicas].reserve("s") for n in range(20)))
    assert sorted(numbers) == list(range(20))


async def test_writers_of_one_process_cause_no_conflicts() -> None:
    store = MemoryStateStore()
    sequence = Sequence(store)
    await asyncio.gather(*(sequence.reserve("s") for _ in range(MAX_TRIES + 5)))
    assert store.calls["conflict"] == 0


async def test_a_page_has_the_highest_numbers_below_its_start_first() -> None:
    sequence = await filled(MemoryStateStore(), 5)
    assert await sequence.page("s", 5, 2) == [(4, "key 4"), (3, "key 3")]
    assert await sequence.page("s", 3, 2) == [(2, "key 2"), (1, "key 1")]
    assert await sequence.page("s", 1, 2) == [(0, "key 0")]
    assert await sequence.page("s", 0, 2) == []


async def test_a_reserved_number_without_an_entry_is_skipped() -> None:
    store = MemoryStateStore()
    sequence = await filled(store, 1)
    await sequence.reserve("s")
    await sequence.place("s", await sequence.reserve("s"), "last")
    assert await sequence.page("s", 3, 10) == [(2, "last"), (0, "key 0")]


async def test_entries_are_read_by_number() -> None:
    sequence = await filled(MemoryStateStore(), 4)
    assert await sequence.entries("s", [3, 7, 0]) == [(3, "key 3"), (0, "key 0")]


async def test_append_and_page_have_a_constant_cost() -> None:
    store = MemoryStateStore()
    sequence = await filled(store, 2)

    async def cost() -> Counter[str]:
        before = store.calls.copy()
        await sequence.place("s", await sequence.reserve("s"), "k")
        await sequence.page("s", await sequence.newest("s"), 2)
        return store.calls - before

    early = await cost()
    for _ in range(200):
        await sequence.place("s", await sequence.reserve("s"), "k")
    assert await cost() == early


async def test_a_lost_answer_does_not_lead_to_a_number_twice() -> None:
    store = MemoryStateStore()
    sequence = Sequence(store)
    store.writes_until_crash, store.crash_lands = 0, True
    with pytest.raises(StoreUnavailable):
        await sequence.reserve("s")
    assert await sequence.reserve("s") == 1


@pytest.mark.parametrize(
    ("before", "limit", "expected"),
    [(5, 2, 3), (2, 2, None), (1, 2, None), (3, 2, 1), (0, 1, None)],
)
def test_the_next_page_starts_where_this_one_ends(
    before: int, limit: int, expected: int | None
) -> None:
    assert next_before(before, limit) == expected
