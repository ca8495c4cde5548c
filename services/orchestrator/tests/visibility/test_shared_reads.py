"""Reads are shared, bounded in number and time, and cancelled when nobody waits for them."""

import asyncio
from collections import Counter

import pytest

from orchestrator.visibility.shared_reads import Lane, SharedReads


class Engine:
    """Answers once it may, and counts."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.reads: Counter[str] = Counter()
        self.in_flight = 0
        self.most_in_flight = 0
        self.cancelled: list[str] = []
        self.late: list[str] = []

    async def read(self, instance_id: str) -> None:
        self.reads[instance_id] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled.append(instance_id)
            raise
        finally:
            self.in_flight -= 1

    def shared(self, timeout: float = 10.0, max_page_reads: int = 400) -> SharedReads:
        turns = {Lane.POLL: 2, Lane.PAGE: 3}
        return SharedReads(self.read, self.late.append, turns, max_page_reads, timeout)


def tasks() -> int:
    return len(asyncio.all_tasks())


async def settled() -> None:
    """Let every task run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_concurrent_pages_share_the_read_of_an_instance() -> None:
    engine = Engine()
    reads = engine.shared()
    async with asyncio.TaskGroup() as pages:
        for _ in range(20):
            pages.create_task(reads.run(["a", "b", "a"], Lane.PAGE))
        await settled()
        engine.may_answer.set()
    assert engine.reads == {"a": 1, "b": 1}
    assert reads.pending == 0


async def test_a_page_shares_a_read_of_the_poll_that_is_under_way() -> None:
    engine = Engine()
    reads = engine.shared()
    async with asyncio.TaskGroup() as callers:
        callers.create_task(reads.run(["a"], Lane.POLL))
        await settled()
        callers.create_task(reads.run(["a"], Lane.PAGE))
        await settled()
        engine.may_answer.set()
    assert engine.reads == {"a": 1}


async def test_the_poll_does_not_wait_behind_pages() -> None:
    engine = Engine()
    reads = engine.shared()
    async with asyncio.TaskGroup() as callers:
        callers.create_task(reads.run([f"page-{n}" for n in range(100)], Lane.PAGE))
        await settled()
        callers.create_task(reads.run(["due"], Lane.POLL))
        await settled()
        assert engine.reads["due"] == 1
        engine.may_answer.set()
    assert engine.most_in_flight == 4


async def test_clients_that_page_over_an_engine_without_answers_pile_nothing_up() -> None:
    engine = Engine()
    reads = engine.shared(max_page_reads=300)
    before, most, most_tasks = tasks(), 0, 0
    for _ in range(3):
        async with asyncio.TaskGroup() as clients:
            for client in range(20):
                ids = [f"{client % 10}-{n}" for n in range(200)]
                clients.create_task(reads.run(ids, Lane.PAGE, limit=0.05))
            await settled()
            most, most_tasks = max(most, reads.pending), max(most_tasks, tasks())
    await settled()
    assert most == 300
    assert most_tasks - before <= 300 + 20
    assert (reads.pending, engine.in_flight, tasks()) == (0, 0, before)
    assert engine.most_in_flight == 3
    assert Counter(engine.cancelled) == engine.reads, "each that began was given up"


async def test_a_read_that_one_of_two_gives_up_goes_on_for_the_other() -> None:
    engine = Engine()
    reads = engine.shared()
    async with asyncio.TaskGroup() as callers:
        callers.create_task(reads.run(["a"], Lane.PAGE))
        await reads.run(["a"], Lane.PAGE, limit=0.01)
        assert engine.cancelled == []
        engine.may_answer.set()
    assert engine.reads == {"a": 1}


async def test_after_a_read_was_given_up_it_is_read_anew() -> None:
    engine = Engine()
    reads = engine.shared()
    await reads.run(["a"], Lane.PAGE, limit=0)
    engine.may_answer.set()
    await reads.run(["a"], Lane.PAGE)
    assert engine.reads["a"] >= 1
    assert reads.pending == 0


async def test_a_caller_that_is_cancelled_cancels_its_reads() -> None:
    engine = Engine()
    reads = engine.shared()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await reads.run(["a"], Lane.PAGE)
    await settled()
    assert (engine.cancelled, reads.pending) == (["a"], 0)


async def test_the_timeout_of_a_read_includes_its_wait_for_a_turn() -> None:
    engine = Engine()
    reads = engine.shared(timeout=0.05)
    ids = [f"{n}" for n in range(50)]
    await asyncio.wait_for(reads.run(ids, Lane.POLL), timeout=5)
    assert sorted(engine.late) == sorted(ids)
    assert sum(engine.reads.values()) < len(ids), "most never had their turn"
    assert reads.pending == 0


async def test_what_a_read_raises_reaches_who_waits_for_it() -> None:
    async def fail(_: str) -> None:
        raise ValueError("unexpected")

    reads = SharedReads(fail, [].append, {Lane.POLL: 1, Lane.PAGE: 1}, 10, 10.0)
    with pytest.raises(ValueError, match="unexpected"):
        await reads.run(["a"], Lane.POLL)
    assert reads.pending == 0
