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


def test_outcomes_are_counted_as_they_come_and_go() -> None:
    rejected = replace(ENDED, instance_id="rejected", outcome="rejected", workflow="task")
    index = index_of(OVERDUE, ENDED, replace(ENDED, instance_id="other"), rejected)
    counts = index.all_counts()
    assert counts.by_outcome == {"failed": 2, "rejected": 1}
    assert counts.outcomes_by_workflow == {"order": {"failed": 2}, "task": {"rejected": 1}}

    index.drop("rejected")
    # Another life of the id has begun.
    index.put(replace(OVERDUE, instance_id="other"))
    counts = index.all_counts()
    assert counts.by_outcome == {"failed": 1}
    assert counts.outcomes_by_workflow == {"order": {"failed": 1}}


async def test_outcomes_are_counted_of_what_a_filter_matches() -> None:
    index = index_of(ENDED, replace(ENDED, instance_id="well", outcome="completed"), CHILD)
    counts = await index.counts(InstanceFilter(outcome=["completed"]))
    assert (counts.total, counts.by_outcome) == (1, {"completed": 1})


async def test_pages_of_one_outcome_have_each_instance_once() -> None:
    found = [replace(ENDED, instance_id=f"failed-{number}") for number in range(5)]
    well = [
        replace(entry, instance_id=f"well-{number}", outcome="completed")
        for number, entry in enumerate(found)
    ]
    index = index_of(*found, *well)
    listed: list[str] = []
    query = InstanceQuery(outcome=["failed"], limit=2)
    while True:
        page = await index.page(query)
        listed += [item.instance_id for item in page.items]
        if page.next is None:
            break
        query = query.model_copy(update={"cursor": page.next})
    assert listed == [f"failed-{number}" for number in (4, 3, 2, 1, 0)]


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
