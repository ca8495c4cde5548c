"""Locks by name: one name is exclusive, several names are independent, none is kept."""

import asyncio
import weakref

from servicekit.locks import KeyedLocks


async def test_one_name_admits_one_at_a_time_in_order() -> None:
    locks, events = KeyedLocks(), list[str]()

    async def work(who: str) -> None:
        async with locks("a"):
            events.append(f"{who} in")
            await asyncio.sleep(0)
            events.append(f"{who} out")

    await asyncio.gather(*(work(who) for who in "xyz"))
    assert events == ["x in", "x out", "y in", "y out", "z in", "z out"]


async def test_another_name_does_not_wait() -> None:
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


async def test_a_lock_that_nobody_uses_is_forgotten() -> None:
    locks = KeyedLocks()
    async with locks("a"):
        lock = weakref.ref(locks("a"))
        assert lock() is not None
    assert lock() is None
