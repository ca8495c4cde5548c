"""Those who look on share a poller, and see an instance move until its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.detail import InstanceDetail
from contracts.orchestrator import RuntimeStatus
from contracts.problems import ProblemType
from orchestrator.engine.client import unknown_instance
from orchestrator.inspection.live_view import LiveView, Revision
from servicekit.problems import ProblemError

TIME = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING, COMPLETED = RuntimeStatus.RUNNING, RuntimeStatus.COMPLETED


class Instance:
    """Moves when a test says so."""

    def __init__(self) -> None:
        self.moves = 1
        self.status = RUNNING
        self.looks = 0
        self.looked = asyncio.Event()
        self.failure: Exception | None = None
        self.stopping = False
        self.live_view = LiveView(self.revision, self.detail, lambda: self.stopping, interval=0.001)

    async def revision(self, _: str) -> Revision:
        self.looks += 1
        self.looked.set()
        if self.failure is not None:
            raise self.failure
        return str(self.moves), self.status

    async def detail(self, instance_id: str) -> InstanceDetail:
        fields: dict[str, Any] = dict.fromkeys(
            ["version", "input", "output", "custom_status", "parent", "trace_id", "trace_url"]
        )
        return InstanceDetail(
            **fields,
            instance_id=instance_id,
            workflow=f"after {self.moves} moves",
            status=self.status,
            why=[],
            children=[],
            created_at=TIME,
            last_updated_at=TIME,
            completed_at=None,
            duration_seconds=0,
        )

    def subscribe(self) -> Any:
        return aclosing(self.live_view.subscribe("one"))

    async def looked_at(self, times: int = 3) -> None:
        """Return once it was looked at several times more."""
        async with asyncio.timeout(5):
            for _ in range(times):
                self.looked.clear()
                await self.looked.wait()


async def moves_seen(details: AsyncIterator[InstanceDetail]) -> list[str]:
    async with asyncio.timeout(5):
        return [detail.workflow async for detail in details]


async def test_each_move_is_told_once_until_the_end() -> None:
    instance = Instance()
    async with instance.subscribe() as details:
        assert (await anext(details)).workflow == "after 1 moves"
        await instance.looked_at()
        instance.moves = 2
        assert (await anext(details)).workflow == "after 2 moves"
        instance.moves, instance.status = 3, COMPLETED
        assert await moves_seen(details) == ["after 3 moves"]


async def test_what_has_ended_is_told_once() -> None:
    instance = Instance()
    instance.status = COMPLETED
    async with instance.subscribe() as details:
        assert await moves_seen(details) == ["after 1 moves"]
    assert instance.looks == 1


async def test_two_who_look_on_share_a_poller_and_the_last_to_go_ends_it() -> None:
    instance = Instance()
    async with instance.subscribe() as first:
        await anext(first)
        poller = instance.live_view._broadcasts["one"].poller
        async with instance.subscribe() as second:
            assert (await anext(second)).workflow == "after 1 moves"
            assert instance.live_view._broadcasts["one"].poller is poller
        await instance.looked_at()
        instance.moves = 2
        assert (await anext(first)).workflow == "after 2 moves"
    assert poller is not None
    assert poller.done()
    assert instance.live_view._broadcasts == {}


async def test_who_comes_after_the_end_sees_it() -> None:
    instance = Instance()
    instance.status = COMPLETED
    async with instance.subscribe() as first:
        await anext(first)
        await asyncio.sleep(0)
        async with instance.subscribe() as second:
            assert await moves_seen(second) == ["after 1 moves"]


async def test_an_engine_that_is_away_is_waited_for() -> None:
    instance = Instance()
    async with instance.subscribe() as details:
        await anext(details)
        instance.failure = ProblemError(ProblemType.UNAVAILABLE, "not now", retry_after=1)
        await instance.looked_at()
        instance.failure, instance.moves = None, 2
        assert (await anext(details)).workflow == "after 2 moves"


async def test_what_was_purged_ends() -> None:
    instance = Instance()
    async with instance.subscribe() as details:
        await anext(details)
        instance.failure = unknown_instance("one")
        assert await moves_seen(details) == []


async def test_a_service_that_stops_sends_everybody_home() -> None:
    instance = Instance()
    async with instance.subscribe() as details:
        await anext(details)
        instance.stopping = True
        assert await moves_seen(details) == []


async def test_a_bug_is_no_silence() -> None:
    instance = Instance()
    async with instance.subscribe() as details:
        await anext(details)
        instance.failure = ZeroDivisionError("a bug")
        with pytest.raises(ZeroDivisionError):
            await moves_seen(details)
