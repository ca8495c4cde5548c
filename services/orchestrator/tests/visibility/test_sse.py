"""Subscribers of the list get each change, and catch up when they reconnect."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.sse import ServerSentEvent

from orchestrator.schemas.instances import InstanceSummary
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.visibility.change_feed import Change, ChangeFeed
from orchestrator.visibility.entry import Entry, KnownWait, started_entry
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
    """An index that is complete, whose changes are sent at once."""
    monkeypatch.setattr("orchestrator.visibility.sse.BATCH_SECONDS", 0.0)
    made = InstanceIndex(ChangeFeed(max_changes=3))
    made.as_of = NOW
    made.mark_complete()
    return made


def watched(index: InstanceIndex, last_event_id: str | None = None) -> AsyncIterator[Any]:
    return watch(index, CachedCounts(index), last_event_id)


async def take(events: AsyncIterator[Any], count: int) -> list[ServerSentEvent]:
    async with asyncio.timeout(5):
        return [await anext(events) for _ in range(count)]


def names(events: list[ServerSentEvent]) -> list[tuple[str | None, str | None]]:
    return [(event.event, data(event).get("instance_id")) for event in events]


def data(event: ServerSentEvent) -> dict[str, Any]:
    """Return the data of an event, as a client reads it."""
    found: dict[str, Any] = json.loads(event.raw_data) if event.raw_data else event.data
    return found


async def test_the_summary_comes_first_and_then_the_changes(index: InstanceIndex) -> None:
    index.put(entry("1"))
    events = watched(index)
    assert names(await take(events, 1)) == [("summary", None)]
    index.put(entry("2"))
    index.put(entry("1", RuntimeStatus.COMPLETED))
    index.drop("task-2")
    seen = await take(events, 3)
    assert names(seen) == [("instance", "task-1"), ("gone", "task-2"), ("summary", None)]
    assert data(seen[0])["status"] == "COMPLETED"
    assert data(seen[2])["total"] == 1


async def test_a_reconnecting_client_gets_what_it_missed(index: InstanceIndex) -> None:
    [summary] = await take(watched(index), 1)
    index.put(entry("1"))
    index.put(entry("2"))
    first, second, _ = await take(watched(index, summary.id), 3)
    assert names([first, second]) == [("instance", "task-1"), ("instance", "task-2")]
    again = await take(watched(index, first.id), 2)
    assert names(again) == [("instance", "task-2"), ("summary", None)]


async def test_a_client_that_missed_too_much_must_reload(index: InstanceIndex) -> None:
    [summary] = await take(watched(index), 1)
    for number in range(4):
        index.put(entry(f"{number}"))
    assert names(await take(watched(index, summary.id), 2)) == [("reload", None), ("summary", None)]


@pytest.mark.parametrize(
    "seen", ["", "x", "0-0", "{epoch}-99", "{epoch}--1", "{epoch}-²", "{epoch}-" + "9" * 90]
)
async def test_a_client_of_another_process_must_reload(index: InstanceIndex, seen: str) -> None:
    epoch = index.feed.event_id(0).split("-")[0]
    events = watched(index, seen.format(epoch=epoch))
    assert names(await take(events, 2)) == [("reload", None), ("summary", None)]


async def test_a_slow_client_must_reload_and_then_gets_changes_again(
    index: InstanceIndex,
) -> None:
    events = watched(index)
    await take(events, 1)
    for number in range(9):
        index.put(entry(f"{number}"))
    assert names(await take(events, 2)) == [("reload", None), ("summary", None)]
    index.put(entry("new"))
    assert names(await take(events, 1)) == [("instance", "task-new")]


async def test_a_rebuild_sends_summaries_only() -> None:
    index = InstanceIndex(ChangeFeed())
    index.add_pending("task-1")
    events = watched(index)
    [summary] = await take(events, 1)
    assert data(summary)["index"]["pending"] == 1
    index.put(entry("1"))
    index.as_of = NOW
    index.mark_complete()
    assert names(await take(events, 2)) == [("reload", None), ("summary", None)]


async def test_the_stream_ends_when_the_process_stops(index: InstanceIndex) -> None:
    events = watched(index)
    await take(events, 1)
    waiting = asyncio.ensure_future(anext(events, "the end"))
    await asyncio.sleep(0)
    index.feed.close()
    assert await asyncio.wait_for(waiting, timeout=5) == "the end"


async def test_a_change_is_encoded_once_for_all_subscribers(
    index: InstanceIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    summaries: list[str] = []
    summary_of = Entry.summary

    def summary(entry: Entry, now: datetime) -> InstanceSummary:
        summaries.append(entry.instance_id)
        return summary_of(entry, now)

    monkeypatch.setattr(Entry, "summary", summary)
    subscribers = [watched(index) for _ in range(5)]
    for events in subscribers:
        await take(events, 1)
    index.put(entry("1"))
    for events in subscribers:
        assert names(await take(events, 1)) == [("instance", "task-1")]
    assert summaries == ["task-1"]


async def test_a_wait_that_became_overdue_since_is_sent_as_such() -> None:
    late = KnownWait("approval.1", "approval", NOW, NOW + timedelta(hours=1), None)
    change = Change("task-1", replace(entry("1"), waits=(late,)))
    before, after = NOW, NOW + timedelta(hours=2)
    encoded = [json.loads(change.encoded(now))["overdue"] for now in (before, after, before)]
    assert encoded == [False, True, False]
