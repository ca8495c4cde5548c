"""Pages of the inbox: each wait once, in order, whatever changes in between."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_support.catalogue import CATALOGUE
from unit_support.coroutines import result_of
from unit_support.waits import (
    LATE,
    LATER,
    NOW,
    SOON,
    named,
    purchase,
    tracked,
)

from orchestrator.inbox.listing import NEVER, InboxItem, page_of
from orchestrator.schemas.waiting import WaitingFilter
from orchestrator.visibility.cursors import InvalidCursor, encode_cursor
from orchestrator.visibility.entry import Entry

untils = st.sampled_from([None, LATE, SOON, LATER])
"""Few values, so that many waits differ in their names only."""

entries = st.lists(
    st.builds(purchase, st.text("ab1", min_size=1, max_size=4), untils)
    | st.builds(tracked, st.text("ab1", min_size=1, max_size=4), untils),
    unique_by=lambda e: e.instance_id,
    max_size=15,
)


def all_pages(
    known: dict[str, Entry],
    limit: int,
    between: Callable[[], None] = lambda: None,
    wanted: WaitingFilter | None = None,
) -> list[InboxItem]:
    """Return the items of all pages; `between` is called after each page."""
    found: list[InboxItem] = []
    cursor = None
    while True:
        page, cursor = result_of(
            page_of(CATALOGUE, known.values(), wanted or WaitingFilter(), cursor, limit, NOW)
        )
        assert len(page) <= limit
        found += page
        if cursor is None:
            return found
        assert len(page) == limit
        between()


@given(entries, st.integers(1, 7), st.sampled_from([None, True, False]))
def test_pages_return_each_wait_once_and_in_order(
    known: list[Entry], limit: int, overdue: bool | None
) -> None:
    wanted = WaitingFilter(overdue=overdue)
    found = all_pages({e.instance_id: e for e in known}, limit, wanted=wanted)
    names = [named(item) for item in found]
    assert len(names) == len(set(names))
    assert set(names) == {
        (e.instance_id, w.id, w.event)
        for e in known
        for w in e.waits
        if overdue is None or overdue is (w.until == LATE)
    }
    deadlines = [item.wait.until or NEVER for item in found]
    assert deadlines == sorted(deadlines)


@given(entries, entries, st.integers(1, 4), st.data())
def test_waits_added_or_removed_between_pages_shift_no_others(
    known: list[Entry], more: list[Entry], limit: int, data: st.DataObject
) -> None:
    left = {e.instance_id: e for e in known}
    stays = {(e.instance_id, w.id, w.event) for e in known for w in e.waits}
    new = [e for e in more if e.instance_id not in left]

    def between() -> None:
        if left and data.draw(st.booleans()):
            gone = data.draw(st.sampled_from(sorted(left)))
            del left[gone]
            stays.difference_update([name for name in stays if name[0] == gone])
        if new:
            one = new.pop()
            left[one.instance_id] = one

    names = [named(item) for item in all_pages(left, limit, between)]
    assert len(names) == len(set(names))
    assert stays <= set(names)


def test_two_events_of_one_wait_are_two_items_on_two_pages() -> None:
    known = {"tracked-1": tracked("1", SOON)}
    events = [item.event.name for item in all_pages(known, limit=1)]
    assert events == ["cancel", "done"]


GOOD = ("2026-01-01T00:00:00.000000+00:00", "purchase-1", "approval.1", "approval")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "ä",
        encode_cursor(*GOOD[:3]),
        encode_cursor(*GOOD, "more"),
        encode_cursor("soon", *GOOD[1:]),
        encode_cursor("", *GOOD[1:]),
        # Other spellings of a time would not compare with the sort key.
        encode_cursor("2026-01-01", *GOOD[1:]),
        encode_cursor("2026-01-01T00:00:00+00:00", *GOOD[1:]),
        encode_cursor("2026-01-01T02:00:00.000000+02:00", *GOOD[1:]),
    ],
)
def test_a_malformed_cursor_is_rejected(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        result_of(page_of(CATALOGUE, [purchase("1", SOON)], WaitingFilter(), cursor, 1, NOW))


def test_a_cursor_is_valid_after_its_item_is_gone() -> None:
    found, _ = result_of(
        page_of(CATALOGUE, [purchase("1", SOON)], WaitingFilter(), encode_cursor(*GOOD), 1, NOW)
    )
    assert [item.entry.instance_id for item in found] == ["purchase-1"]
    late = encode_cursor("2027-01-01T00:00:00.000000+00:00", *GOOD[1:])
    assert result_of(page_of(CATALOGUE, [purchase("1", SOON)], WaitingFilter(), late, 1, NOW)) == (
        [],
        None,
    )
