"""What has ended is removed after its time, a child with its parent, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from pydantic import ValidationError
from unit_support.engine import instance_state
from unit_support.entries import START, entry

from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.operations.retention import MAX_FAILURES, Retention, RetentionTimes
from orchestrator.schemas.workflows import TERMINAL, RuntimeStatus
from orchestrator.settings import Settings
from orchestrator.visibility.change_feed import ChangeFeed
from orchestrator.visibility.entry import Entry
from orchestrator.visibility.index import InstanceIndex

DOWN = AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "refused")
DAY = timedelta(days=1)
TIMES = RetentionTimes(completed=7 * DAY, others=30 * DAY, between_sweeps=timedelta(seconds=60))
COMPLETED, FAILED = RuntimeStatus.COMPLETED, RuntimeStatus.FAILED


@dataclass
class World:
    """The engine, as far as retention uses it, and the list of its instances."""

    index: InstanceIndex = field(default_factory=lambda: InstanceIndex(ChangeFeed()))
    states: dict[str, InstanceState] = field(default_factory=dict)
    purged: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.index.as_of = START

    def has(self, *entries: Entry) -> None:
        """Have instances, listed as they are."""
        for one in entries:
            self.index.put(one)
            at = (one.completed_at or one.last_updated_at).isoformat()
            self.states[one.instance_id] = instance_state(
                instance_id=one.instance_id, status=one.status.value, lastUpdatedTimestamp=at
            )

    async def get_workflow_state(self, instance_id: str, payloads: bool) -> InstanceState | None:
        assert not payloads
        self.asked.append(instance_id)
        if instance_id in self.failing:
            raise DOWN
        return self.states.get(instance_id)

    async def purge_workflow(self, instance_id: str, *, recursive: bool) -> None:
        assert not recursive
        del self.states[instance_id]
        self.purged.append(instance_id)

    async def refresh(self, instance_ids: Sequence[str]) -> None:
        for name in instance_ids:
            if name not in self.states:
                self.index.drop(name)

    async def sweep(self, now: datetime) -> list[str]:
        """Sweep at a time, and return what was removed, in its order."""
        engine: Any = self
        before = len(self.purged)
        retention = Retention(self.index, engine, engine, self.refresh, TIMES, lambda: now)
        removed = await retention.sweep()
        assert removed == len(self.purged) - before
        return self.purged[before:]


def ended(name: str, status: RuntimeStatus = COMPLETED, **fields: object) -> Entry:
    times = {"last_updated_at": START, "completed_at": START} | fields
    return entry(name, status=status, **times)


@pytest.mark.parametrize(
    ("status", "kept"),
    [(COMPLETED, 7 * DAY), (FAILED, 30 * DAY), (RuntimeStatus.TERMINATED, 30 * DAY)],
)
async def test_each_status_has_its_time(status: RuntimeStatus, kept: timedelta) -> None:
    world = World()
    world.has(ended("a", status))
    assert await world.sweep(START + kept - timedelta(seconds=1)) == []
    assert await world.sweep(START + kept) == ["a"]
    assert world.index.ids() == []


@pytest.mark.parametrize("status", [s for s in RuntimeStatus if s not in TERMINAL])
async def test_what_has_not_ended_stays(status: RuntimeStatus) -> None:
    world = World()
    world.index.put(entry("a", status=status))
    assert await world.sweep(START + 365 * DAY) == []
    assert world.asked == []


async def test_what_is_torn_stays() -> None:
    world = World()
    world.has(ended("a", torn=True))
    assert await world.sweep(START + 365 * DAY) == []


async def test_a_child_stays_while_its_parent_runs() -> None:
    world = World()
    world.has(entry("parent"), ended("parent:a", parent="parent"))
    assert await world.sweep(START + 365 * DAY) == []


async def test_a_child_goes_before_its_parent_whatever_its_own_status() -> None:
    world = World()
    later = START + timedelta(minutes=1)
    world.has(
        ended("parent"),
        ended("parent:a", FAILED, parent="parent", created_at=later),
        ended("parent:a:b", parent="parent:a", created_at=later + timedelta(minutes=1)),
        entry("parent:c", parent="parent", created_at=later),
    )
    assert await world.sweep(START + 7 * DAY) == ["parent:a:b", "parent:a", "parent"]
    assert world.index.ids() == ["parent:c"]


async def test_a_child_of_an_earlier_generation_has_its_own_time() -> None:
    world = World()
    world.has(entry("eternal", created_at=START + DAY), ended("eternal:a", parent="eternal"))
    assert await world.sweep(START + 7 * DAY) == ["eternal:a"]


async def test_an_orphan_has_its_own_time() -> None:
    world = World()
    world.has(ended("gone:a", FAILED, parent="gone"))
    assert await world.sweep(START + 30 * DAY - timedelta(seconds=1)) == []
    assert await world.sweep(START + 30 * DAY) == ["gone:a"]


async def test_nothing_is_removed_before_the_list_is_complete() -> None:
    world = World()
    world.has(ended("a"))
    world.index.add_pending("b")
    assert await world.sweep(START + 365 * DAY) == []
    assert world.asked == []


async def test_what_has_begun_anew_since_it_was_listed_stays() -> None:
    world = World()
    world.has(ended("a"))
    later = (START + 365 * DAY).isoformat()
    world.states["a"] = instance_state(
        instance_id="a", status="COMPLETED", lastUpdatedTimestamp=later
    )
    assert await world.sweep(START + 365 * DAY) == []


async def test_what_somebody_else_removed_leaves_the_list() -> None:
    world = World()
    world.has(ended("a"))
    del world.states["a"]
    assert await world.sweep(START + 365 * DAY) == []
    assert world.index.ids() == []


async def test_one_that_fails_holds_up_no_other() -> None:
    world = World()
    world.has(*(ended(f"a{n}", created_at=START - n * DAY) for n in range(3)))
    world.failing = {"a1"}
    assert await world.sweep(START + 365 * DAY) == ["a0", "a2"]


async def test_an_engine_that_is_down_is_asked_again_by_the_next_sweep() -> None:
    world = World()
    world.has(*(ended(f"a{n}") for n in range(MAX_FAILURES + 1)))
    world.failing = set(world.states)
    assert await world.sweep(START + 365 * DAY) == []
    assert len(world.asked) == MAX_FAILURES
    world.failing.clear()
    assert len(await world.sweep(START + 365 * DAY)) == MAX_FAILURES + 1


@pytest.mark.parametrize("kept", [{"completed_kept_days": 84}, {"failed_kept_days": 83.5}])
def test_what_an_instance_wrote_is_kept_for_longer(kept: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="records_kept_days"):
        Settings(records_kept_days=90, **kept)  # type: ignore[arg-type]
    Settings(records_kept_days=91, **kept)  # type: ignore[arg-type]
