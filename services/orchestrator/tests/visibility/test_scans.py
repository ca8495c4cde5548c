"""Long scans let the event loop serve others, and counts agree with them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_support.catalogue import CATALOGUE
from unit_support.coroutines import result_of
from unit_support.entries import NOW, START, entry, index_of, wait

from orchestrator.inbox.listing import page_of
from orchestrator.schemas.instances import InstanceFilter, InstanceQuery
from orchestrator.schemas.waiting import WaitingFilter
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.visibility.index import InstanceIndex
from orchestrator.visibility.slices import SLICE

MANY = 50_000
Scan = Callable[[InstanceIndex], Awaitable[object]]
NOWHERE = " ".join(f"nowhere{number}" for number in range(8))
SCANS: dict[str, Scan] = {
    "page": lambda index: index.page(InstanceQuery(q=NOWHERE)),
    "counts": lambda index: index.counts(InstanceFilter(q="chair")),
    "inbox": lambda index: page_of(CATALOGUE, index.waiting(), WaitingFilter(), None, 50, NOW),
}


@pytest.fixture(scope="module")
def large() -> InstanceIndex:
    """An index of many instances that wait."""
    waits = (wait("approval", NOW),)
    index = InstanceIndex(index_of().feed)
    for number in range(MANY):
        created = START + timedelta(seconds=number)
        index.put(entry(f"purchase-{number}", workflow="purchase", waits=waits, created_at=created))
    return index


@pytest.mark.parametrize("scan", SCANS)
async def test_a_scan_does_not_block_the_event_loop(large: InstanceIndex, scan: str) -> None:
    gaps: list[float] = []

    async def tick() -> None:
        last = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            gaps.append(now - last)
            last = now

    ticking = asyncio.create_task(tick())
    await SCANS[scan](large)
    ticking.cancel()
    assert len(gaps) >= MANY // SLICE - 1
    # The time that this thread computed for, which other processes do not lengthen.
    assert max(gaps) < 0.05


def test_the_counts_of_all_instances_need_no_scan(large: InstanceIndex) -> None:
    counts = large.all_counts()
    assert (counts.total, counts.waiting) == (MANY, {"approval": MANY})


async def test_a_page_misses_nothing_where_entries_change_between_slices(
    large: InstanceIndex,
) -> None:
    index = InstanceIndex(index_of().feed)
    ids = [f"purchase-{number:05}" for number in range(3 * SLICE)]
    for number, instance_id in enumerate(ids):
        index.put(entry(instance_id, created_at=START + timedelta(seconds=number)))
    reading = asyncio.create_task(
        index.page(InstanceQuery(q=ids[0], sort="created_at", order="desc"))
    )
    await asyncio.sleep(0)
    # They move all others to other positions.
    for number in range(SLICE):
        index.put(entry(f"new-{number}", created_at=START - timedelta(seconds=1)))
    page = await reading
    assert [item.instance_id for item in page.items] == [ids[0]]


statuses = st.sampled_from([RuntimeStatus.RUNNING, RuntimeStatus.COMPLETED])
waits = st.sampled_from([(), (wait("approval"),), (wait("approval"), wait("cancel"))])
changes = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.none() | st.tuples(statuses, waits))
)


@given(changes)
def test_the_counts_that_are_kept_are_those_of_a_scan(changed: list[tuple[str, object]]) -> None:
    index = index_of()
    for instance_id, state in changed:
        if state is None:
            index.drop(instance_id)
        else:
            status, waiting = state  # type: ignore[misc]
            index.put(entry(instance_id, status=status, waits=waiting))
    assert index.all_counts() == result_of(index.counts(InstanceFilter()))
