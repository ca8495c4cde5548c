"""When each instance is read next."""

from dataclasses import replace
from datetime import timedelta

import pytest
from unit_support.catalogue import CATALOGUE
from unit_support.fake_instances import START, FakeEngine

from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.visibility.due_queue import LONGEST_DELAY, DueQueue, poll_delay
from orchestrator.visibility.entry import KnownWait, entry_of


def test_the_longest_overdue_comes_first_and_a_rescheduled_name_once() -> None:
    queue = DueQueue()
    for name, at in (("b", 2.0), ("a", 1.0), ("c", 3.0), ("d", 9.0)):
        queue.schedule(name, at)
    queue.schedule("c", 0.5)
    queue.schedule("b", 8.0)
    queue.remove("a")
    assert queue.pop_due(now=5.0, limit=10) == ["c"]
    assert queue.pop_due(now=9.0, limit=1) == ["b"]
    assert queue.pop_due(now=9.0, limit=1) == ["d"]
    assert queue.pop_due(now=99.0, limit=9) == []


@pytest.mark.parametrize(
    ("age", "wait", "delay"),
    [(0, None, 1), (30, None, 3), (86_400, None, LONGEST_DELAY), (86_400, 7, 7), (86_400, -7, 60)],
)
async def test_an_unchanged_instance_is_read_less_often(
    age: int, wait: int | None, delay: float
) -> None:
    now = START + timedelta(seconds=age)
    state = await FakeEngine({"a": "RUNNING"}).get_workflow_state("a", payloads=True)
    assert state is not None
    unchanged = entry_of(CATALOGUE, state)
    if wait is not None:
        until = now + timedelta(seconds=wait)
        unchanged = replace(unchanged, waits=(KnownWait("w", "approval", START, until, None),))
    assert unchanged.status is RuntimeStatus.RUNNING
    assert poll_delay(unchanged, now) == delay
