"""The counts and the pages of the index."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from unit_support.entries import CHILD, ENDED, IN_TIME, OVERDUE, START, index_of, wait

from orchestrator.schemas.instances import InstanceFilter, InstanceQuery


def test_the_counts_cover_all_instances() -> None:
    late = replace(OVERDUE, waits=(wait("approval", START - timedelta(days=9)), wait("approval")))
    counts = index_of(late, IN_TIME, ENDED, CHILD).all_counts()
    assert counts.total == 4
    assert counts.by_status == {"RUNNING": 3, "COMPLETED": 1}
    assert counts.by_workflow == {"order": {"RUNNING": 2, "COMPLETED": 1}, "task": {"RUNNING": 1}}
    assert counts.waiting == {"approval": 2, "cancel": 1}


async def test_the_counts_can_be_filtered() -> None:
    counts = await index_of(OVERDUE, CHILD).counts(InstanceFilter(workflow=["task"]))
    assert (counts.total, counts.waiting) == (1, {})


async def test_an_ended_instance_has_no_waits_and_is_not_overdue() -> None:
    [shown] = (await index_of(ENDED).page(InstanceQuery())).items
    assert (shown.waits, shown.overdue) == ([], False)


def test_the_age_of_the_index_counts_from_the_last_listing() -> None:
    index = index_of(ENDED)
    assert 0 <= index.age_seconds() < 60
    index.as_of = datetime.now(UTC) - timedelta(seconds=90)
    assert 90 <= index.age_seconds() < 150


def test_instances_that_last_are_found_by_their_age_or_where_it_does_not_show() -> None:
    index = index_of(OVERDUE, replace(CHILD, created_at=START - timedelta(days=40)))
    assert index.lasting((), START - timedelta(days=30)) == [CHILD.instance_id]
    found = index.lasting((OVERDUE.workflow,), START - timedelta(days=30))
    assert set(found) == {OVERDUE.instance_id, CHILD.instance_id}
