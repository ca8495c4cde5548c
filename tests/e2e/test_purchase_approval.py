"""Purchase approval, over the API."""

import asyncio
from typing import Any

import pytest

from support.system import System, somebody, unique

DECISION = {"approved": True, "approver": "dana", "comment": "Enjoy"}


def purchase(**fields: Any) -> dict[str, Any]:
    usual = {
        "purchase_id": unique(),
        "requester": somebody(),
        "item": "A laptop",
        "amount": 129_900,
    }
    return {**usual, "approver": somebody(), **fields}


async def test_a_purchase_is_approved_by_its_approver(system: System) -> None:
    request = purchase()
    instance = await system.start("/purchase-orders", **request)
    wait = await system.waiting(instance, "approval")
    assert wait["assigned_to"] == request["approver"]
    assert await system.held(request["approver"]) == [f"{instance}:assign"]

    answer = await system.orchestrator.post(f"/purchase-orders/{instance}/approval", json=DECISION)
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    output = (await system.finished(instance))["output"]
    assert (output["status"], output["decided_by"], output["comment"]) == (
        "approved",
        "dana",
        "Enjoy",
    )
    assert await system.subjects(request["approver"]) == ["A purchase to approve"]
    assert await system.subjects(request["requester"]) == ["Your purchase was approved"]
    assert await system.held(request["approver"]) == []

    again = await system.orchestrator.post(f"/purchase-orders/{instance}/approval", json=DECISION)
    assert (again.status_code, again.json()) == (200, answer.json())
    other = DECISION | {"comment": "After all"}
    late = await system.orchestrator.post(f"/purchase-orders/{instance}/approval", json=other)
    assert late.status_code == 409
    assert (await system.send(instance, "approval", **other)).status_code == 410


async def test_a_small_purchase_needs_no_approval(system: System) -> None:
    request = purchase(amount=99_999)
    instance = await system.start("/purchase-orders", **request)
    assert (await system.finished(instance))["output"]["status"] == "approved"
    assert await system.inbox(request["approver"]) == []
    assert await system.subjects(request["requester"]) == ["Your purchase was approved"]


async def test_a_rejection_has_its_reason(system: System) -> None:
    instance = await system.start("/purchase-orders", **purchase(amount=100_000))
    await system.waiting(instance, "approval")
    answer = await system.send(
        instance, "approval", approved=False, approver="dana", comment="Too dear"
    )
    assert answer.status_code == 200
    output = (await system.finished(instance))["output"]
    assert (output["status"], output["comment"]) == ("rejected", "Too dear")


async def test_a_decision_counts_that_comes_while_the_purchase_is_paused(system: System) -> None:
    instance = await system.start("/purchase-orders", **purchase())
    await system.waiting(instance, "approval")
    why = {"by": "olga", "reason": "to count the budget"}
    paused = await system.orchestrator.post(f"/instances/{instance}/pause", json=why)
    assert paused.json()["status"] == "SUSPENDED"
    assert (await system.send(instance, "approval", **DECISION)).status_code == 200
    await system.orchestrator.post(f"/instances/{instance}/resume", json=why)
    # Its steps after the decision are replayed, with the pause in the history.
    output = (await system.finished(instance))["output"]
    assert (output["status"], output["requester_told"]) == ("approved", True)


async def test_of_two_concurrent_decisions_one_is_accepted(system: System) -> None:
    instance = await system.start("/purchase-orders", **purchase())
    await system.waiting(instance, "approval")
    people = {"dana": True, "bob": False}
    answers = await asyncio.gather(
        *(
            system.orchestrator.post(
                f"/purchase-orders/{instance}/approval",
                json={"approved": approved, "approver": person},
            )
            for person, approved in people.items()
        )
    )
    assert sorted(a.status_code for a in answers) == [200, 409]
    [winner] = [p for p, a in zip(people, answers, strict=True) if a.is_success]
    output = (await system.finished(instance))["output"]
    assert output["decided_by"] == winner
    assert output["status"] == ("approved" if people[winner] else "rejected")


async def test_without_a_decision_it_is_cancelled_after_a_reminder(system: System) -> None:
    request = purchase(decide_within_seconds=2)
    instance = await system.start("/purchase-orders", **request)
    output = (await system.finished(instance))["output"]
    assert (output["status"], output["decided_by"]) == ("cancelled", None)
    assert await system.subjects(request["approver"]) == [
        "A purchase to approve",
        "A purchase still to approve",
    ]
    assert await system.subjects(request["requester"]) == ["Your purchase was cancelled"]
    assert await system.held(request["approver"]) == []
    late = await system.orchestrator.post(f"/purchase-orders/{instance}/approval", json=DECISION)
    assert late.status_code == 409


@pytest.mark.parametrize(
    ("approver", "why"), [("emil", "away"), ("nobody-knows-me", "nobody-knows-me")]
)
async def test_an_approver_who_is_away_or_unknown_refuses_the_purchase(
    system: System, approver: str, why: str
) -> None:
    request = purchase(approver=approver)
    instance = await system.start("/purchase-orders", **request)
    output = (await system.finished(instance))["output"]
    assert output["status"] == "refused"
    assert why in output["message"]
    assert await system.subjects(request["requester"]) == ["Your purchase was refused"]


async def test_the_same_purchase_starts_once_and_another_is_refused(system: System) -> None:
    request = purchase(amount=1)
    for status in (202, 200):
        assert (await system.orchestrator.post("/purchase-orders", json=request)).status_code == (
            status
        )
    other = {**request, "amount": 2}
    assert (await system.orchestrator.post("/purchase-orders", json=other)).status_code == 409


async def test_a_malformed_decision_is_refused(system: System) -> None:
    instance = await system.start("/purchase-orders", **purchase())
    await system.waiting(instance, "approval")
    for wrong in ({}, {"approved": "yes", "approver": "dana"}, {"approved": True}):
        for path in (
            f"/purchase-orders/{instance}/approval",
            f"/instances/{instance}/events/approval",
        ):
            answer = await system.orchestrator.post(path, json=wrong)
            assert answer.status_code == 422, answer.text
    assert (await system.send(instance, "approval", **DECISION)).status_code == 200
    assert (await system.finished(instance))["output"]["status"] == "approved"


async def test_a_decision_on_an_unknown_purchase_is_not_found(system: System) -> None:
    path = "/purchase-orders/purchase-none/approval"
    assert (await system.orchestrator.post(path, json=DECISION)).status_code == 404
