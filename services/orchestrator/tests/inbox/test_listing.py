"""The inbox's list of waits: order, filters and pages."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_support.catalogue import CATALOGUE

from contracts.orchestrator import RuntimeStatus
from contracts.waiting import WaitingFilter
from orchestrator.inbox.listing import NEVER, InboxItem, page_of
from orchestrator.visibility.cursors import InvalidCursor, encode_cursor
from orchestrator.visibility.entry import Entry, KnownWait

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(hours=1)
SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(days=1)
LATE = NOW - timedelta(minutes=1)
PLAIN = Entry(
    instance_id="purchase-1",
    workflow="purchase",
    version=None,
    status=RuntimeStatus.RUNNING,
    parent=None,
    step="wait",
    message="Waiting for dana",
    waits=(),
    created_at=START,
    last_updated_at=START,
    completed_at=None,
    search="",
)

Name = tuple[str, str, str]


def wait(
    event: str,
    until: datetime | None = None,
    wait_id: str | None = None,
    assigned_to: str | None = None,
) -> KnownWait:
    return KnownWait(wait_id or f"{event}.1", event, START, until, assigned_to)


def purchase(name: str, until: datetime | None, assigned_to: str | None = None) -> Entry:
    waits = (wait("approval", until, assigned_to=assigned_to),)
    return replace(PLAIN, instance_id=f"purchase-{name}", waits=waits)


def tracked(name: str, until: datetime | None) -> Entry:
    """A task that ends by one of two events, with one wait for both."""
    waits = (wait("done", until, "end"), wait("cancel", until, "end"))
    return replace(PLAIN, instance_id=f"tracked-{name}", workflow="tracked", waits=waits)


def named(item: InboxItem) -> Name:
    return item.entry.instance_id, item.wait.id, item.event.name


def shown(entries: Iterable[Entry], **wanted: object) -> list[Name]:
    """Return the items of the first page."""
    found, _ = page_of(CATALOGUE, entries, WaitingFilter.model_validate(wanted), None, 200, NOW)
    return [named(item) for item in found]


def ids(entries: Iterable[Entry], **wanted: object) -> list[str]:
    return [instance_id for instance_id, _, _ in shown(entries, **wanted)]


def test_the_earliest_deadline_comes_first_and_no_deadline_last() -> None:
    entries = [
        purchase("never", None),
        purchase("later", LATER),
        purchase("late", LATE),
        purchase("soon-b", SOON),
        purchase("soon-a", SOON),
    ]
    assert [i.removeprefix("purchase-") for i in ids(entries)] == [
        "late",
        "soon-a",
        "soon-b",
        "later",
        "never",
    ]


def test_deadlines_are_compared_as_times_and_not_as_text() -> None:
    # The same day elsewhere: 02:30 there is an hour before SOON.
    elsewhere = (SOON - timedelta(hours=1)).astimezone(timezone(timedelta(hours=3)))
    whole_second = SOON.replace(microsecond=0)
    entries = [
        purchase("c", SOON + timedelta(microseconds=1)),
        purchase("b", whole_second),
        purchase("a", elsewhere),
    ]
    assert [i.removeprefix("purchase-") for i in ids(entries)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["purchase-late", "purchase-dana", "tracked-1", "tracked-1"]),
        ({"workflow": ["tracked"]}, ["tracked-1", "tracked-1"]),
        ({"workflow": ["tracked", "purchase"]},
         ["purchase-late", "purchase-dana", "tracked-1", "tracked-1"]),
        ({"workflow": ["order"]}, []),
        ({"event": "Approval"}, ["purchase-late", "purchase-dana"]),
        ({"event": "cancel"}, ["tracked-1"]),
        ({"assigned_to": "Dana@example.com"}, ["purchase-dana"]),
        ({"assigned_to": "dana"}, []),
        ({"overdue": True}, ["purchase-late"]),
        ({"overdue": False}, ["purchase-dana", "tracked-1", "tracked-1"]),
        ({"overdue": False, "workflow": ["purchase"]}, ["purchase-dana"]),
    ],
)  # fmt: skip
def test_a_wait_must_match_every_condition(wanted: dict[str, object], found: list[str]) -> None:
    entries = [
        tracked("1", None),
        purchase("dana", SOON, "dana@example.com"),
        purchase("late", LATE, "eve@example.com"),
    ]
    assert ids(entries, **wanted) == found


@pytest.mark.parametrize("status", RuntimeStatus)
def test_an_ended_instance_is_not_listed(status: RuntimeStatus) -> None:
    entry = replace(purchase("1", SOON), status=status)
    assert bool(ids([entry])) is not entry.terminal


def test_a_wait_for_an_undeclared_event_is_not_listed() -> None:
    child = replace(purchase("1", SOON), workflow="asking_workflow", parent="purchase-1")
    unknown_event = replace(PLAIN, waits=(wait("moon"), wait("approval")))
    assert shown([child, unknown_event, PLAIN]) == [("purchase-1", "approval.1", "approval")]


def test_an_item_has_what_a_decision_needs() -> None:
    [found], _ = page_of(CATALOGUE, [purchase("1", LATE, "dana")], WaitingFilter(), None, 1, NOW)
    item = found.to_api(NOW, claimed_by="eve")
    assert (item.instance_id, item.workflow, item.event) == ("purchase-1", "purchase", "approval")
    assert (item.wait_id, item.message) == ("approval.1", "Waiting for dana")
    assert (item.since, item.until, item.overdue) == (START, LATE, True)
    assert (item.assigned_to, item.claimed_by) == ("dana", "eve")
    assert "approved" in item.payload_schema["properties"]
    assert found.to_api(LATE, None).overdue is False


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
        page, cursor = page_of(
            CATALOGUE, known.values(), wanted or WaitingFilter(), cursor, limit, NOW
        )
        assert len(page) <= limit
        found += page
        if cursor is None:
            return found
        assert len(page) == limit
        between()


untils = st.sampled_from([None, LATE, SOON, LATER])
"""Few values, so that many waits differ in their names only."""

entries = st.lists(
    st.builds(purchase, st.text("ab1", min_size=1, max_size=4), untils)
    | st.builds(tracked, st.text("ab1", min_size=1, max_size=4), untils),
    unique_by=lambda e: e.instance_id,
    max_size=15,
)


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
        page_of(CATALOGUE, [purchase("1", SOON)], WaitingFilter(), cursor, 1, NOW)


def test_a_cursor_is_valid_after_its_item_is_gone() -> None:
    found, _ = page_of(
        CATALOGUE, [purchase("1", SOON)], WaitingFilter(), encode_cursor(*GOOD), 1, NOW
    )
    assert [item.entry.instance_id for item in found] == ["purchase-1"]
    late = encode_cursor("2027-01-01T00:00:00.000000+00:00", *GOOD[1:])
    assert page_of(CATALOGUE, [purchase("1", SOON)], WaitingFilter(), late, 1, NOW) == ([], None)
