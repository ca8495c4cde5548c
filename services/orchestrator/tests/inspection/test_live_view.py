"""Subscribers of an instance share a poller, and get each change until its end."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.problems import ProblemType
from orchestrator.engine.client import unknown_instance
from orchestrator.inspection.live_view import LiveView, Revision
from orchestrator.schemas.detail import InstanceDetail
from orchestrator.schemas.workflows import RuntimeStatus
from servicekit.problems import ProblemError

TIME = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING, COMPLETED = RuntimeStatus.RUNNING, RuntimeStatus.COMPLETED


class Instance:
    """An instance that changes when a test says so; counts its polls."""

    def __init__(self) -> None:
        self.changes = 1
        self.status = RUNNING
        self.polls = 0
        self.pollers: list[asyncio.Task[Any]] = []
        self.polled = asyncio.Event()
        self.failure: Exception | None = None
        self.stopping = False
        self.live_view = LiveView(self.revision, self.detail, lambda: self.stopping, interval=0.001)

    async def revision(self, _: str) -> Revision:
        self.polls += 1
        poller = asyncio.current_task()
        if poller is not None and poller not in self.pollers:
            self.pollers.append(poller)
        self.polled.set()
        if self.failure is not None:
            raise self.failure
        return str(self.changes), self.status

    async def detail(self, instance_id: str) -> InstanceDetail:
        fields: dict[str, Any] = dict.fromkeys(
            ["version", "input", "output", "custom_status", "parent", "trace_id", "trace_url"]
        )
        return InstanceDetail(
            **fields,
            instance_id=instance_id,
            workflow=f"after {self.changes} changes",
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

    async def polled_again(self, times: int = 3) -> None:
        """Return once it was polled several times more."""
        async with asyncio.timeout(5):
            for _ in range(times):
                self.polled.clear()
                await self.polled.wait()


async def changes_seen(details: AsyncIterator[InstanceDetail]) -> list[str]:
    async with asyncio.timeout(5):
        return [detail.workflow async for detail in details]


async def test_each_change_is_sent_once_until_the_end() -> None:
    instance = Instance()
    async with instance.subscribe() as details:
        assert (await anext(details)).workflow == "after 1 changes"
        await instance.polled_again()
        instance.changes = 2
        assert (await anext(details)).workflow == "after 2 changes"
        instance.changes, instance.status = 3, COMPLETED
        assert await changes_seen(details) == ["after 3 changes"]


async def test_an_ended_instance_is_sent_once() -> None:
    instance = Instance()
    instance.status = COMPLETED
    async with instance.subscribe() as details:
        assert await changes_seen(details) == ["after 1 changes"]
    assert instance.polls == 1


async def test_two_subscribers_share_a_poller_and_the_last_to_leave_ends_it() -> None:
    instance = Instance()
    async with instance.subscribe() as first:
        await anext(first)
        async with instance.subscribe() as second:
            assert (await anext(second)).workflow == "after 1 changes"
            await instance.polled_again()
        await instance.polled_again()
        instance.changes = 2
        assert (await anext(first)).workflow == "after 2 changes"
    [poller] = instance.pollers
    assert poller.done()


async def test_nothing_is_kept_of_an_instance_without_subscribers() -> None:
    instance = Instance()
    async with instance.subscribe() as details:
        latest = weakref.ref(await anext(details))
        assert latest() is not None
    # The ended task has the frames of its cancellation.
    instance.pollers.clear()
    gc.collect()
    assert latest() is None


async def test_a_subscriber_after_the_end_gets_the_last_state() -> None:
    instance = Instance()
    instance.status = COMPLETED
    async with instance.subscribe() as first:
        await anext(first)
        await asyncio.sleep(0)
        async with instance.subscribe() as second:
            assert await changes_seen(second) == ["after 1 changes"]


async def test_an_unavailable_engine_is_polled_again() -> None:
    instance = Instance()
    async with instance.subscribe() as details:
        await anext(details)
        instance.failure = ProblemError(ProblemType.UNAVAILABLE, "not now", retry_after=1)
        await instance.polled_again()
        instance.failure, instance.changes = None, 2
        assert (await anext(details)).workflow == "after 2 changes"


async def test_a_purge_ends_the_subscription() -> None:
    instance = Instance()
    async with instance.subscribe() as details:
        await anext(details)
        instance.failure = unknown_instance("one")
        assert await changes_seen(details) == []


async def test_a_draining_service_ends_the_subscription() -> None:
    instance = Instance()
    async with instance.subscribe() as details:
        await anext(details)
        instance.stopping = True
        assert await changes_seen(details) == []


async def test_an_unexpected_error_of_the_poller_reaches_the_subscriber() -> None:
    instance = Instance()
    async with instance.subscribe() as details:
        await anext(details)
        instance.failure = ZeroDivisionError("a bug")
        with pytest.raises(ZeroDivisionError):
            await changes_seen(details)
