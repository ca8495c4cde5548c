"""Steps that wait for a peer are counted by the peer, as long as they do."""

import json
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from unit_support.catalogue import CATALOGUE

from orchestrator.dapr_sdk.private import protos
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.toolkit.outage_wait import OUTAGE
from orchestrator.visibility.entry import Entry, entry_of
from orchestrator.visibility.tally import Tally


def entry(peer: Any = "notifier", *, status: str = "RUNNING", name: str = OUTAGE) -> Entry:
    progress = {"step": "send_notification", "message": "Waiting", "details": {"peer": peer}}
    raw = {
        "instanceId": "task-1:send_notification-outage-3",
        "name": name,
        "workflowStatus": f"ORCHESTRATION_STATUS_{status}",
        "customStatus": json.dumps(progress),
    }
    return entry_of(CATALOGUE, InstanceState.from_proto(ParseDict(raw, protos.WorkflowState())))


def test_a_step_that_waits_for_a_peer_names_it() -> None:
    assert entry().peer == "notifier"


@pytest.mark.parametrize(
    "other",
    [
        entry(status="SUSPENDED"),
        entry(status="COMPLETED"),
        entry(status="TERMINATED"),
        entry(name="task_workflow"),
        entry(peer=None),
        entry(peer=["notifier"]),
    ],
)
def test_nothing_else_waits_for_a_peer(other: Entry) -> None:
    assert other.peer is None


def test_they_are_counted_until_the_peer_is_back() -> None:
    tally = Tally()
    waiting = entry()
    others = [replace(entry("assigner"), instance_id=str(number)) for number in range(3)]
    for one in (waiting, *others):
        tally.replace(None, one)
    assert tally.by_peer() == {"notifier": 1, "assigner": 3}
    later = replace(waiting, message="Waiting still")
    tally.replace(waiting, later)
    tally.replace(others[0], None)
    assert tally.by_peer() == {"notifier": 1, "assigner": 2}
    tally.replace(later, entry(status="COMPLETED"))
    assert tally.by_peer() == {"notifier": 0, "assigner": 2}
