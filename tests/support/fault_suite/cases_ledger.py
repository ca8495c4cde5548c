"""Cases whose effects are in ledgers of their own: orders, batches, research."""

from typing import Any

from support.fault_suite.case import Case, Choice, Decision, Effects, Read
from support.fault_suite.cases import RELEASED, Making

PRICE = 50
"""Of a pencil, in cents."""
PENCILS = 3
DOCUMENTS = 12


def order(making: Making) -> Case:
    """An order that is shipped, perhaps after failures."""
    kinds = (None, None, "stock_retries", "payment_retries", "shipping_retries")
    effects = Effects({}, ("notify",), PENCILS * PRICE, PENCILS)
    return _order(making, making.random.choice(kinds), "completed", effects)


def compensated_order(making: Making) -> Case:
    """An order of which a step fails permanently after its effect."""
    kinds = ("stock", "payment", "shipping", "refund_retries", "notification")
    effects = Effects({}, ("notify-undone",))
    return _order(making, making.random.choice(kinds), "compensated", effects)


def rejected_order(making: Making) -> Case:
    """An order of more than there is: what was reserved first is released."""
    lines = [{"sku": "pencil", "quantity": PENCILS}, {"sku": "chair", "quantity": 1_000}]
    return _order(making, None, "rejected", Effects({}, ("notify-undone",)), lines)


def _order(
    making: Making,
    simulate: str | None,
    outcome: str,
    effects: Effects,
    lines: list[dict[str, Any]] | None = None,
) -> Case:
    customer = making.people.pick("customer", making.random)
    pencils = [{"sku": "pencil", "quantity": 2}, {"sku": "pencil", "quantity": 1}]
    request = {"order_id": making.name, "customer": customer, "lines": lines or pencils}

    def shipped_or_not(status: int, body: Any, reached: bool) -> bool:
        shipped = status == 200 and not body["cancelled"]
        return shipped is (reached and outcome == "completed")

    return Case(
        f"order: {outcome}",
        "/orders",
        request | {"simulate": simulate},
        outcome,
        effects,
        undone=frozenset({"compensated"}),
        unrecallable=("notify", "notify-undone"),
        reads=(Read("/shipments/{}:ship_order", shipped_or_not, "the shipment"),),
        customer=customer,
    )


def batch(making: Making) -> Case:
    """A batch of documents: a fan-out in a child."""
    request = {"batch_id": making.name, "prefix": "sample", "count": DOCUMENTS}

    def each_once(status: int, body: Any, reached: bool) -> bool:
        indexes = [result["index"] for result in body["items"]] if status == 200 else []
        done = all(result["status"] == "done" for result in body["items"]) if reached else True
        return sorted(indexes) == list(range(DOCUMENTS)) and done

    return Case(
        "batch: completed",
        "/batches",
        request,
        "completed",
        undone=frozenset({"partial", "failed"}),
        reads=(Read("/batches/{}/results?limit=200", each_once, "a result of each document"),),
    )


def research(making: Making) -> Case:
    """A question that the sources answer."""
    question = "How does an idempotency key make a retry safe?"
    return _research(making, question, "completed", Effects({}, ("notify",)), ())


def reviewed_research(making: Making) -> Case:
    """A question whose draft is reviewed: two reviews at once, of which one counts."""
    reviewer = making.member
    choices = (
        Choice("review", {"decision": "approve", "reviewer": reviewer}, "completed"),
        Choice("review", {"decision": "reject", "reviewer": reviewer}, "rejected"),
    )
    question = "Does a durable timer notice a leap second?"
    effects = Effects(RELEASED, ("notify", "review:1"))
    return _research(making, question, "", effects, (Decision(choices),), reviewer=reviewer)


def _research(
    making: Making,
    question: str,
    outcome: str,
    effects: Effects,
    decisions: tuple[Decision, ...],
    **more: str,
) -> Case:
    request = {"research_id": making.name, "question": question, "requester": making.member}
    return Case(
        f"research: {'reviewed' if decisions else outcome}",
        "/research",
        request | more,
        outcome,
        effects,
        undone=frozenset({"failed"}),
        unrecallable=effects.notifications,
        decisions=decisions,
    )
