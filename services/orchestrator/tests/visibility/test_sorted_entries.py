"""Pages of the sorted entries: each match once, in order, whatever changes in between."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_support.coroutines import result_of
from unit_support.entries import NOW, START, entry

from orchestrator.schemas.instances import InstanceFilter, InstanceSort, Order
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.visibility.cursors import InvalidCursor
from orchestrator.visibility.entry import Entry
from orchestrator.visibility.filters import filtered, matching
from orchestrator.visibility.sorted_entries import SortedEntries

times = st.integers(0, 5).map(lambda n: START + timedelta(seconds=n))
"""Few values, so that many entries differ in their ids only."""

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


def sorted_entries(known: list[Entry]) -> SortedEntries:
    made = SortedEntries()
    for one in known:
        made.add(one)
    return made


def all_pages(
    sorted_: SortedEntries,
    sort: InstanceSort,
    order: Order,
    limit: int,
    wanted: InstanceFilter,
    between: Callable[[list[Entry]], None] = lambda _: None,
) -> list[Entry]:
    """Return the items of all pages; `between` is called after each page."""
    found: list[Entry] = []
    cursor = None
    while True:
        page, cursor = result_of(sorted_.page(sort, order, cursor, limit, matching(wanted, NOW)))
        assert len(page) <= limit
        found += page
        if cursor is None:
            return found
        assert len(page) == limit
        between(found)


@given(entries, sorts, orders, st.integers(1, 7), filters)
def test_pages_return_each_match_once_and_in_order(
    known: list[Entry], sort: InstanceSort, order: Order, limit: int, wanted: InstanceFilter
) -> None:
    found = all_pages(sorted_entries(known), sort, order, limit, wanted)
    expected = sorted(
        filtered(known, matching(wanted, NOW)),
        key=lambda e: (getattr(e, sort), e.instance_id),
        reverse=order is Order.DESC,
    )
    assert found == expected


@given(entries, entries, sorts, orders, st.integers(1, 5), st.data())
def test_entries_added_or_removed_between_pages_shift_no_others(
    known: list[Entry],
    more: list[Entry],
    sort: InstanceSort,
    order: Order,
    limit: int,
    data: st.DataObject,
) -> None:
    sorted_ = sorted_entries(known)
    left = {e.instance_id: e for e in known}
    stays = set(left)
    new = [e for e in more if e.instance_id not in left]

    def between(_: list[Entry]) -> None:
        if left and data.draw(st.booleans()):
            gone = data.draw(st.sampled_from(sorted(left)))
            sorted_.remove(left.pop(gone))
            stays.discard(gone)
        if new:
            sorted_.add(new.pop())

    found = [
        e.instance_id for e in all_pages(sorted_, sort, order, limit, InstanceFilter(), between)
    ]
    assert len(found) == len(set(found))
    assert stays <= set(found)


@given(entries, st.data())
def test_a_replaced_entry_moves_to_its_new_position(
    known: list[Entry], data: st.DataObject
) -> None:
    sorted_, now = sorted_entries(known), {e.instance_id: e for e in known}
    for old in data.draw(st.lists(st.sampled_from(known), max_size=10) if known else st.just([])):
        new = replace(
            now[old.instance_id],
            status=data.draw(st.sampled_from(RuntimeStatus)),
            last_updated_at=data.draw(times),
        )
        sorted_.replace(now[old.instance_id], new)
        now[old.instance_id] = new
    for sort in InstanceSort:
        found = all_pages(sorted_, sort, Order.ASC, 7, InstanceFilter())
        assert found == sorted(now.values(), key=lambda e: (getattr(e, sort), e.instance_id))


@given(st.text(max_size=200), sorts, orders)
def test_a_malformed_cursor_is_rejected(text: str, sort: InstanceSort, order: Order) -> None:
    with pytest.raises(InvalidCursor):
        result_of(sorted_entries([entry()]).page(sort, order, text, 1, []))


@pytest.mark.parametrize(
    "other", [(InstanceSort.CREATED_AT, Order.ASC), (InstanceSort.STATUS, Order.DESC)]
)
def test_a_cursor_of_another_sort_field_or_order_is_rejected(
    other: tuple[InstanceSort, Order],
) -> None:
    sorted_ = sorted_entries([entry("a"), entry("b")])
    _, cursor = result_of(sorted_.page(InstanceSort.CREATED_AT, Order.DESC, None, 1, []))
    assert cursor is not None
    with pytest.raises(InvalidCursor):
        result_of(sorted_.page(*other, cursor, 1, []))
