"""Who watches the list is told what changes, and catches up after being away."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.sse import ServerSentEvent

from contracts.orchestrator import RuntimeStatus
from orchestrator.visibility.change_feed import Change, ChangeFeed
from orchestrator.visibility.entry import started_entry
from orchestrator.visibility.index import InstanceIndex
from orchestrator.visibility.sse import CachedCounts, watch
from orchestrator.workflows.task.models import TaskRequest
from orchestrator.workflows.task.workflow import DEFINITION

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def entry(task_id: str, status: RuntimeStatus = RuntimeStatus.RUNNING) -> Any:
    return replace(
        started_entry(DEFINITION, TaskRequest(task_id=task_id, title="T"), NOW), status=status
    )


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> InstanceIndex:
    """An index that is complete, told of at once."""
    monkeypatch.setattr("orchestrator.visibility.sse.GATHER_SECONDS", 0.0)
    made = InstanceIndex(ChangeFeed(kept=3))
    made.as_of = NOW
    made.mark_complete()
    return made


def watched(index: InstanceIndex, last_event_id: str | None = None) -> AsyncIterator[Any]:
    return watch(index, CachedCounts(index), last_event_id)


async def take(events: AsyncIterator[Any], count: int) -> list[ServerSentEvent]:
    async with asyncio.timeout(5):
        return [await anext(events) for _ in range(count)]


def told(events: list[ServerSentEvent]) -> list[tuple[str | None, str | None]]:
    return [(event.event, getattr(event.data, "instance_id", None)) for event in events]


async def test_first_the_summary_and_then_what_changes(index: InstanceIndex) -> None:
    index.put(entry("1"))
    events = watched(index)
    assert told(await take(events, 1)) == [("summary", None)]
    index.put(entry("2"))
    index.put(entry("1", RuntimeStatus.COMPLETED))
    index.drop("task-2")
    seen = await take(events, 3)
    assert told(seen) == [("instance", "task-1"), ("gone", "task-2"), ("summary", None)]
    assert seen[0].data.status == "COMPLETED"
    assert seen[2].data.total == 1


async def test_who_comes_back_is_told_what_it_missed(index: InstanceIndex) -> None:
    [summary] = await take(watched(index), 1)
    index.put(entry("1"))
    index.put(entry("2"))
    first, second, _ = await take(watched(index, summary.id), 3)
    assert told([first, second]) == [("instance", "task-1"), ("instance", "task-2")]
    again = await take(watched(index, first.id), 2)
    assert told(again) == [("instance", "task-2"), ("summary", None)]


async def test_who_was_away_for_too_long_is_to_read_the_list_again(index: InstanceIndex) -> None:
    [summary] = await take(watched(index), 1)
    for number in range(4):
        index.put(entry(f"{number}"))
    assert told(await take(watched(index, summary.id), 2)) == [("reload", None), ("summary", None)]


@pytest.mark.parametrize(
    "seen", ["", "x", "0-0", "{epoch}-99", "{epoch}--1", "{epoch}-²", "{epoch}-" + "9" * 90]
)
async def test_so_is_who_saw_another_process(index: InstanceIndex, seen: str) -> None:
    epoch = index.feed.id_of(0).split("-")[0]
    events = watched(index, seen.format(epoch=epoch))
    assert told(await take(events, 2)) == [("reload", None), ("summary", None)]


async def test_a_slow_client_is_to_read_the_list_again_and_then_goes_on(
    index: InstanceIndex,
) -> None:
    events = watched(index)
    await take(events, 1)
    for number in range(9):
        index.put(entry(f"{number}"))
    assert told(await take(events, 2)) == [("reload", None), ("summary", None)]
    index.put(entry("new"))
    assert told(await take(events, 1)) == [("instance", "task-new")]


async def test_a_rebuild_is_told_by_its_summaries_alone() -> None:
    index = InstanceIndex(ChangeFeed())
    index.add_pending("task-1")
    events = watched(index)
    [summary] = await take(events, 1)
    assert summary.data.index.pending == 1
    index.put(entry("1"))
    index.as_of = NOW
    index.mark_complete()
    assert told(await take(events, 2)) == [("reload", None), ("summary", None)]


async def test_it_ends_with_the_process(index: InstanceIndex) -> None:
    events = watched(index)
    await take(events, 1)
    waiting = asyncio.ensure_future(anext(events, "the end"))
    await asyncio.sleep(0)
    index.feed.close()
    assert await asyncio.wait_for(waiting, timeout=5) == "the end"


def test_changes_that_are_too_many_are_not_kept() -> None:
    feed = ChangeFeed(kept=2)
    for number in range(5):
        feed.publish(Change(f"{number}", None))
    assert feed.since(3) == [Change("3", None), Change("4", None)]
    assert feed.since(2) is None
    assert feed.since(5) == []
    assert feed.since(6) is None
