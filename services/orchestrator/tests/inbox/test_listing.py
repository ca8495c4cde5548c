"""The inbox's list of waits: order, filters and items."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from unit_support.catalogue import CATALOGUE
from unit_support.coroutines import result_of
from unit_support.waits import (
    LATE,
    LATER,
    NOW,
    PLAIN,
    SOON,
    START,
    Name,
    named,
    purchase,
    tracked,
    wait,
)

from orchestrator.inbox.listing import page_of
from orchestrator.schemas.waiting import WaitingFilter
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.visibility.entry import Entry


def shown(entries: Iterable[Entry], **wanted: object) -> list[Name]:
    """Return the items of the first page."""
    found, _ = result_of(
        page_of(CATALOGUE, entries, WaitingFilter.model_validate(wanted), None, 200, NOW)
    )
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
    [found], _ = result_of(
        page_of(CATALOGUE, [purchase("1", LATE, "dana")], WaitingFilter(), None, 1, NOW)
    )
    item = found.to_api(NOW, claimed_by="eve")
    assert (item.instance_id, item.workflow, item.event) == ("purchase-1", "purchase", "approval")
    assert (item.wait_id, item.message) == ("approval.1", "Waiting for dana")
    assert (item.since, item.until, item.overdue) == (START, LATE, True)
    assert (item.assigned_to, item.claimed_by) == ("dana", "eve")
    assert "approved" in item.payload_schema["properties"]
    assert found.to_api(LATE, None).overdue is False
