"""Cases in which people decide: purchases, onboardings, tracked tasks, monitors."""

from dataclasses import replace
from typing import Any

from support.fault_suite.case import Case, Choice, Decision, Effects, Read
from support.fault_suite.cases import RELEASED, Making


def small_purchase(making: Making) -> Case:
    """A purchase below the limit."""
    return _purchase(making, 9_900, "approved", Effects({}, ("tell-requester",)), ())


def purchase(making: Making) -> Case:
    """A purchase that two people decide on at once, one of them twice."""
    approver = making.member
    yes = Choice("approval", {"approved": True, "approver": approver}, "approved")
    no = Choice("approval", {"approved": False, "approver": approver}, "rejected")
    effects = Effects(RELEASED, ("notify", "tell-requester"))
    decisions = (Decision((yes, no, yes)),)
    return _purchase(making, 129_900, "", effects, decisions, approver=approver)


def paused_purchase(making: Making) -> Case:
    """A purchase that is paused when it is decided on."""
    case = _decided_by_one(making)
    return replace(case, kind="purchase: paused", paused=True)


def early_purchase(making: Making) -> Case:
    """A purchase that is decided on before it asks."""
    case = _decided_by_one(making)
    return replace(case, kind="purchase: early", early=True)


def _decided_by_one(making: Making) -> Case:
    approver = making.member
    yes = Choice("approval", {"approved": True, "approver": approver}, "approved")
    effects = Effects(RELEASED, ("notify", "tell-requester"))
    return _purchase(making, 129_900, "", effects, (Decision((yes,)),), approver=approver)


def cancelled_purchase(making: Making) -> Case:
    """A purchase that nobody decides on: a reminder, then a time-out."""
    effects = Effects(RELEASED, ("notify", "remind-1", "tell-requester"))
    more = {"approver": making.member, "decide_within_seconds": 6}
    return _purchase(making, 129_900, "cancelled", effects, (), **more)


def _purchase(
    making: Making,
    amount: int,
    outcome: str,
    effects: Effects,
    decisions: tuple[Decision, ...],
    **more: Any,
) -> Case:
    request = {
        "purchase_id": making.name,
        "requester": making.member,
        "item": "A laptop",
        "amount": amount,
    }
    return Case(
        f"purchase: {'decided' if decisions else outcome}",
        "/purchase-orders",
        request | more,
        outcome,
        effects,
        undone=frozenset({"failed"}),
        unrecallable=effects.notifications,
        decisions=decisions,
    )


def onboarding(making: Making) -> Case:
    """A customer who gets an account."""
    return _onboarding(making, "completed", ("notify", "welcome"), None)


def compensated_onboarding(making: Making) -> Case:
    """A customer whose account is opened, and the answer is lost: it is closed again."""
    return _onboarding(making, "failed", ("notify", "sorry"), "account_answer_lost")


def disordered_onboarding(making: Making) -> Case:
    """A customer whose identity is confirmed first, and whose documents come after that."""
    case = _onboarding(making, "completed", ("notify", "welcome"), None)
    return replace(case, kind="onboarding: out of order", early=True)


def _onboarding(
    making: Making, outcome: str, notifications: tuple[str, ...], simulate: str | None
) -> Case:
    verifier = making.member
    request = {
        "onboarding_id": making.name,
        "customer_id": f"customer-{making.name}",
        "name": "Ada Lovelace",
        "email": making.member,
        "verifier": verifier,
        "simulate": simulate,
    }
    kinds = ("identity_card", "proof_of_address")
    documents = tuple(Choice("document", {"kind": k, "reference": "scan.pdf"}) for k in kinds)
    verified = Choice("identity", {"verified": True, "verifier": verifier})

    def account(status: int, body: Any, reached: bool) -> bool:
        is_open = status == 200 and body["status"] == "open"
        return is_open is (reached and outcome == "completed")

    def kept(status: int, body: Any, reached: bool) -> bool:
        count = len(kinds) if reached and outcome == "completed" else 0
        return status == 200 and len(body) == count

    return Case(
        f"onboarding: {outcome}",
        "/onboardings",
        request,
        outcome,
        Effects(RELEASED, notifications),
        undone=frozenset({"failed"}),
        unrecallable=("notify", "welcome", "sorry"),
        # One after the other: each is a decision of its own.
        decisions=(*(Decision((document,)) for document in documents), Decision((verified,))),
        reads=(
            Read(f"/accounts/customer-{making.name}", account, "the account"),
            Read("/onboardings/{}/documents", kept, "the documents"),
        ),
    )


def tracked(making: Making) -> Case:
    """A tracked task that is done and cancelled at once: one of both counts."""
    member = making.member
    request = {"task_id": making.name, "title": "T", "assignee": member, "due_in_seconds": 7_200}
    choices = (
        Choice("done", {"by": member}, "done"),
        Choice("cancel", {"by": member, "reason": "The meeting is off"}, "cancelled"),
    )

    def once_each(status: int, body: Any, reached: bool) -> bool:
        steps = [entry["key"].split(":")[-1] for entry in body["history"]] if status == 200 else []
        whole = ["create", "assigned", "told", "end"]
        return steps == whole if reached else len(steps) == len(set(steps))

    return Case(
        "tracked: ended",
        "/tasks",
        request,
        "",
        Effects(RELEASED, ("notify",)),
        undone=frozenset({"failed"}),
        unrecallable=("notify",),
        decisions=(Decision(choices),),
        reads=(Read(f"/tasks/{making.name}", once_each, "the steps of the task's actor"),),
    )


def monitor(making: Making) -> Case:
    """A monitor that continues as new each second until it is stopped."""
    request = {
        "monitor_id": making.name,
        "url": making.web,
        "notify": making.member,
        "interval_seconds": 1,
        "retry_seconds": 1,
    }
    stop = Choice("stop", {"reason": "Seen enough", "by": "olga"}, "stopped")
    return Case(
        "monitor: stopped",
        "/monitors",
        request,
        "stopped",
        decisions=(Decision((stop,), after_seconds=5),),
    )
