"""Which instances a list shows, in which order, and how it is paged."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.instances import InstanceFilter, InstanceQuery, InstanceSort, Order
from contracts.orchestrator import RuntimeStatus
from orchestrator.visibility.change_feed import ChangeFeed
from orchestrator.visibility.entry import Entry, KnownWait
from orchestrator.visibility.filters import filtered, matching
from orchestrator.visibility.index import InstanceIndex
from orchestrator.visibility.sorted_entries import InvalidCursor, SortedEntries

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(hours=1)


def entry(instance_id: str = "order-1", **fields: object) -> Entry:
    plain = Entry(
        instance_id=instance_id,
        workflow="order",
        version=None,
        status=RuntimeStatus.RUNNING,
        parent=None,
        step=None,
        message=None,
        waits=(),
        created_at=START,
        last_updated_at=START,
        completed_at=None,
        search=f"{instance_id} ada@example.com blue chair",
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def wait(event: str, until: datetime | None = None) -> KnownWait:
    return KnownWait(id=f"{event}.1", event=event, since=NOW, until=until, assigned_to=None)


times = st.integers(0, 5).map(lambda n: START + timedelta(seconds=n))
"""Few, so that many entries are equal but for their ids."""

entries = st.lists(
    st.builds(
        entry,
        instance_id=st.text("ab-12", min_size=1, max_size=6),
        workflow=st.sampled_from(["order", "task", "hello_child_workflow"]),
        status=st.sampled_from(RuntimeStatus),
        parent=st.sampled_from([None, "order-1"]),
        created_at=times,
        last_updated_at=times,
    ),
    unique_by=lambda e: e.instance_id,
    max_size=30,
)
filters = st.builds(
    InstanceFilter,
    status=st.lists(st.sampled_from(RuntimeStatus), max_size=2),
    workflow=st.lists(st.sampled_from(["order", "task"]), max_size=2),
    created_from=st.none() | times,
    created_to=st.none() | times,
    id_prefix=st.sampled_from([None, "a", "b-"]),
    top_level=st.booleans(),
)
sorts, orders = st.sampled_from(InstanceSort), st.sampled_from(Order)


def orders_of(known: list[Entry]) -> SortedEntries:
    kept = SortedEntries()
    for one in known:
        kept.add(one)
    return kept


def read_on(
    kept: SortedEntries,
    sort: InstanceSort,
    order: Order,
    limit: int,
    wanted: InstanceFilter,
    between: Callable[[list[Entry]], None] = lambda _: None,
) -> list[Entry]:
    """Return the items of all pages; `between` does something after each."""
    found: list[Entry] = []
    cursor = None
    while True:
        page, cursor = kept.page(sort, order, cursor, limit, matching(wanted, NOW))
        assert len(page) <= limit
        found += page
        if cursor is None:
            return found
        assert len(page) == limit
        between(found)


@given(entries, sorts, orders, st.integers(1, 7), filters)
def test_pages_give_each_match_once_and_in_order(
    known: list[Entry], sort: InstanceSort, order: Order, limit: int, wanted: InstanceFilter
) -> None:
    found = read_on(orders_of(known), sort, order, limit, wanted)
    expected = sorted(
        filtered(known, matching(wanted, NOW)),
        key=lambda e: (getattr(e, sort), e.instance_id),
        reverse=order is Order.DESC,
    )
    assert found == expected


@given(entries, entries, sorts, orders, st.integers(1, 5), st.data())
def test_what_comes_and_goes_between_pages_shifts_nothing(
    known: list[Entry],
    more: list[Entry],
    sort: InstanceSort,
    order: Order,
    limit: int,
    data: st.DataObject,
) -> None:
    kept = orders_of(known)
    left = {e.instance_id: e for e in known}
    stays = set(left)
    new = [e for e in more if e.instance_id not in left]

    def between(_: list[Entry]) -> None:
        if left and data.draw(st.booleans()):
            gone = data.draw(st.sampled_from(sorted(left)))
            kept.remove(left.pop(gone))
            stays.discard(gone)
        if new:
            kept.add(new.pop())

    found = [e.instance_id for e in read_on(kept, sort, order, limit, InstanceFilter(), between)]
    assert len(found) == len(set(found))
    assert stays <= set(found)


@given(entries, st.data())
def test_an_entry_that_changes_takes_its_new_place(known: list[Entry], data: st.DataObject) -> None:
    kept, now = orders_of(known), {e.instance_id: e for e in known}
    for old in data.draw(st.lists(st.sampled_from(known), max_size=10) if known else st.just([])):
        new = replace(
            now[old.instance_id],
            status=data.draw(st.sampled_from(RuntimeStatus)),
            last_updated_at=data.draw(times),
        )
        kept.replace(now[old.instance_id], new)
        now[old.instance_id] = new
    for sort in InstanceSort:
        found = read_on(kept, sort, Order.ASC, 7, InstanceFilter())
        assert found == sorted(now.values(), key=lambda e: (getattr(e, sort), e.instance_id))


@given(st.text(max_size=200), sorts, orders)
def test_what_is_no_cursor_is_refused(text: str, sort: InstanceSort, order: Order) -> None:
    with pytest.raises(InvalidCursor):
        orders_of([entry()]).page(sort, order, text, 1, [])


@pytest.mark.parametrize(
    "other", [(InstanceSort.CREATED_AT, Order.ASC), (InstanceSort.STATUS, Order.DESC)]
)
def test_a_cursor_belongs_to_its_order(other: tuple[InstanceSort, Order]) -> None:
    kept = orders_of([entry("a"), entry("b")])
    _, cursor = kept.page(InstanceSort.CREATED_AT, Order.DESC, None, 1, [])
    assert cursor is not None
    with pytest.raises(InvalidCursor):
        kept.page(*other, cursor, 1, [])


OVERDUE = entry("late", waits=(wait("approval", NOW - timedelta(seconds=1)),))
IN_TIME = entry("soon", waits=(wait("approval", NOW + timedelta(seconds=1)), wait("cancel")))
ENDED = replace(OVERDUE, instance_id="ended", status=RuntimeStatus.COMPLETED, search="ended")
CHILD = entry(
    "late-child-1", workflow="task", parent="late", search="late-child-1 straße".casefold()
)


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, {"late", "soon", "ended", "late-child-1"}),
        ({"workflow": ["task"]}, {"late-child-1"}),
        ({"status": ["COMPLETED", "FAILED"]}, {"ended"}),
        ({"id_prefix": "late"}, {"late", "late-child-1"}),
        ({"parent": "late"}, {"late-child-1"}),
        ({"top_level": True}, {"late", "soon", "ended"}),
        ({"waiting_for": "Approval"}, {"late", "soon"}),
        ({"waiting_for": "cancel"}, {"soon"}),
        ({"overdue": True}, {"late"}),
        ({"overdue": False}, {"soon", "ended", "late-child-1"}),
        ({"created_from": START}, {"late", "soon", "ended", "late-child-1"}),
        ({"created_to": START}, set()),
        ({"created_from": "0001-01-01T00:00:00+14:00", "created_to": "9999-12-31T23:59:59-14:00"},
         {"late", "soon", "ended", "late-child-1"}),
        ({"q": " Chair  ADA "}, {"late", "soon"}),
        ({"q": "STRASSE"}, {"late-child-1"}),
        ({"q": "  "}, {"late", "soon", "ended", "late-child-1"}),
        ({"q": "late", "status": ["RUNNING"], "top_level": True}, {"late"}),
    ],
)  # fmt: skip
def test_a_filter_keeps_what_meets_all_of_it(wanted: dict[str, object], ids: set[str]) -> None:
    rules = matching(InstanceFilter.model_validate(wanted), NOW)
    assert {e.instance_id for e in filtered([OVERDUE, IN_TIME, ENDED, CHILD], rules)} == ids


def index_of(*known: Entry) -> InstanceIndex:
    index = InstanceIndex(ChangeFeed())
    for one in known:
        index.put(one)
    return index


def test_the_counts_are_those_of_the_list() -> None:
    late = replace(OVERDUE, waits=(wait("approval", START - timedelta(days=9)), wait("approval")))
    counts = index_of(late, IN_TIME, ENDED, CHILD).counts(InstanceFilter())
    assert counts.total == 4
    assert counts.by_status == {"RUNNING": 3, "COMPLETED": 1}
    assert counts.by_workflow == {"order": {"RUNNING": 2, "COMPLETED": 1}, "task": {"RUNNING": 1}}
    assert counts.waiting == {"approval": 2, "cancel": 1}


def test_the_counts_can_be_of_some() -> None:
    counts = index_of(OVERDUE, CHILD).counts(InstanceFilter(workflow=["task"]))
    assert (counts.total, counts.waiting) == (1, {})


def test_what_has_ended_is_shown_to_wait_for_nothing() -> None:
    [shown] = index_of(ENDED).page(InstanceQuery()).items
    assert (shown.waits, shown.overdue) == ([], False)
