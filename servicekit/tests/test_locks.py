"""Locks by key: work on one key is serialized, and unused locks are garbage-collected."""

import asyncio
import weakref

from servicekit.locks import KeyedLocks


async def test_work_on_one_key_is_serialized_in_order() -> None:
    locks, events = KeyedLocks(), list[str]()

    async def work(who: str) -> None:
        async with locks("a"):
            events.append(f"{who} in")
            await asyncio.sleep(0)
            events.append(f"{who} out")

    await asyncio.gather(*(work(who) for who in "xyz"))
    assert events == ["x in", "x out", "y in", "y out", "z in", "z out"]


async def test_work_on_another_key_does_not_wait() -> None:
    locks = KeyedLocks()
    async with locks("a"), asyncio.timeout(1), locks("b"):
        assert locks("a").locked()
        assert locks("b").locked()
    assert not locks("a").locked()


async def test_a_lock_is_released_by_an_error() -> None:
    locks = KeyedLocks()
    try:
        async with locks("a"):
            raise ValueError
    except ValueError:
        pass
    async with asyncio.timeout(1), locks("a"):
        pass


async def test_an_unused_lock_is_garbage_collected() -> None:
    locks = KeyedLocks()
    async with locks("a"):
        lock = weakref.ref(locks("a"))
        assert lock() is not None
    assert lock() is None
