"""A collection has no more ids than its quota, whoever writes."""

import asyncio

import pytest

from contracts.problems import ProblemType
from servicekit.collection import RETRY_AFTER_SECONDS, Collection
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore


async def full(collection: Collection, id_: str) -> bool:
    try:
        await collection.add(id_)
    except ProblemError as error:
        kind, retry_after = error.type, error.retry_after
    else:
        return False
    assert (kind, retry_after) == (ProblemType.TOO_MANY_REQUESTS, RETRY_AFTER_SECONDS)
    return True


async def test_an_id_counts_once_and_a_removed_one_makes_room() -> None:
    collection = Collection(MemoryStateStore(), "documents", 2)
    for id_ in ("a", "b", "a"):
        assert not await full(collection, id_)
    assert await full(collection, "c")
    for _ in range(2):
        await collection.remove("a")
    await collection.remove("unknown")
    assert not await full(collection, "c")
    assert await full(collection, "a")


async def test_a_collection_that_was_never_written_to_can_be_removed_from() -> None:
    store = MemoryStateStore()
    await Collection(store, "documents", 1).remove("a")
    assert store.data == {}


async def test_concurrent_writers_do_not_exceed_the_quota() -> None:
    store = MemoryStateStore()
    replicas = [Collection(MemoryStateStore(store.data), "documents", 5) for _ in range(3)]
    found = await asyncio.gather(*(full(replicas[n % 3], str(n)) for n in range(12)))
    assert found.count(False) == 5


async def test_a_lower_quota_refuses_new_ids_and_keeps_those_there_are() -> None:
    store = MemoryStateStore()
    for n in range(3):
        await Collection(store, "documents", 3).add(str(n))
    lower = Collection(store, "documents", 1)
    assert not await full(lower, "0")
    assert await full(lower, "new")


@pytest.mark.parametrize("lands", [True, False])
async def test_a_lost_answer_counts_no_id_twice(lands: bool) -> None:
    store = MemoryStateStore()
    collection = Collection(store, "documents", 1)
    store.writes_until_crash, store.crash_lands = 0, lands
    with pytest.raises(Exception, match="crashed"):
        await collection.add("a")
    await collection.add("a")
    assert await full(collection, "b")
