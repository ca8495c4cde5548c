"""The saga of an order, in the test kit, over real stock, wallets and shipments."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.toolkit.messages import SEND_NOTIFICATION
from orchestrator.toolkit.outage_wait import OutageTerms
from orchestrator.workflows.order.models import (
    CANCEL_SHIPMENT,
    NOTIFY_CUSTOMER,
    REFUND_PAYMENT,
    RELEASE_STOCK,
    RESERVE_STOCK,
    SHIP_ORDER,
    TAKE_PAYMENT,
    VALIDATE_ORDER,
    OrderFault,
    OrderRequest,
)
from orchestrator.workflows.order.workflow import DEFINITION
from workflows.order.world import CREDIT, PENCILS, Inbox, World

FORWARD = [VALIDATE_ORDER, RESERVE_STOCK, TAKE_PAYMENT, SHIP_ORDER, NOTIFY_CUSTOMER]


def test_an_order_is_paid_and_shipped_and_the_customer_notified() -> None:
    world = World()
    done = world.order(("pencil", 2), ("notebook", 1), ("pencil", 3))
    assert done.status is RuntimeStatus.COMPLETED
    assert done.output == {
        "order_id": "1",
        "status": "completed",
        "message": "Shipped to kim@example.com for 5.40 EUR",
        "total": {"amount": 540, "currency": "EUR"},
        "shipment": "order-1:ship_order",
        "undone": [],
        "customer_told": True,
    }
    assert done.called() == FORWARD
    assert done.steps() == [*FORWARD, "completed"]
    assert (world.level(), world.level("notebook")) == (PENCILS - 5, 9_999)
    assert world.balance() == CREDIT - 540
    shipment = world.shipment()
    assert shipment is not None
    assert not shipment.cancelled
    [(key, message)] = world.inbox.messages.items()
    assert (key, message.recipient) == ("order-1:notify", "kim@example.com")
    assert message.body == "Your order 1 is on its way to you. You have paid 5.40 EUR."


@pytest.mark.parametrize(
    ("simulate", "undone", "back"),
    [
        (OrderFault.STOCK, [RELEASE_STOCK], [RELEASE_STOCK]),
        (OrderFault.PAYMENT, [REFUND_PAYMENT, RELEASE_STOCK], [REFUND_PAYMENT, RELEASE_STOCK]),
        (
            OrderFault.SHIPPING,
            [CANCEL_SHIPMENT, REFUND_PAYMENT, RELEASE_STOCK],
            [CANCEL_SHIPMENT, REFUND_PAYMENT, RELEASE_STOCK],
        ),
        (
            OrderFault.NOTIFICATION,
            [CANCEL_SHIPMENT, REFUND_PAYMENT, RELEASE_STOCK],
            [CANCEL_SHIPMENT, REFUND_PAYMENT, RELEASE_STOCK],
        ),
        (
            OrderFault.REFUND_RETRIES,
            [CANCEL_SHIPMENT, REFUND_PAYMENT, RELEASE_STOCK],
            [CANCEL_SHIPMENT, *[REFUND_PAYMENT] * 4, RELEASE_STOCK],
        ),
    ],
)
def test_a_permanent_failure_is_compensated_in_reverse_order(
    simulate: OrderFault, undone: list[str], back: list[str]
) -> None:
    world = World()
    done = world.order(simulate=simulate)
    assert done.status is RuntimeStatus.COMPLETED
    assert (done.output["status"], done.output["undone"]) == ("compensated", undone)
    assert done.called()[-len(back) - 1 : -1] == back
    assert world.untouched()
    assert done.output["customer_told"]
    [message] = world.inbox.messages.values()
    assert message.subject == "Your order 1 was not carried out"


def test_the_message_names_the_step_that_failed() -> None:
    done = World().order(simulate=OrderFault.SHIPPING)
    assert done.output["message"] == "ship_order failed: injected failure: attempt 3"
    assert done.steps()[-2:] == [SEND_NOTIFICATION, "compensated"]


@pytest.mark.parametrize(
    ("simulate", "step"),
    [
        (OrderFault.STOCK_RETRIES, RESERVE_STOCK),
        (OrderFault.PAYMENT_RETRIES, TAKE_PAYMENT),
        (OrderFault.SHIPPING_RETRIES, SHIP_ORDER),
        (OrderFault.NOTIFICATION_RETRIES, NOTIFY_CUSTOMER),
    ],
)
def test_a_step_that_is_retried_has_its_effect_once(simulate: OrderFault, step: str) -> None:
    world = World()
    done = world.order(simulate=simulate)
    assert done.output["status"] == "completed"
    assert [c.at.total_seconds() for c in done.calls if c.name == step] == [0, 1, 3]
    assert (world.level(), world.balance()) == (PENCILS - 2, CREDIT - 100)
    assert list(world.inbox.messages) == ["order-1:notify"]


def test_a_compensation_is_retried_more_often_than_a_step() -> None:
    done = World().order(simulate=OrderFault.REFUND_RETRIES)
    tried = [call.at.total_seconds() for call in done.calls if call.name == REFUND_PAYMENT]
    assert tried == [3, 4, 6, 10]


@pytest.mark.parametrize(
    ("lines", "message", "undone"),
    [
        ([("pencil", 2), ("unicorn", 1)], "There are no goods unicorn", []),
        ([("chair", 6)], "There are 5 of chair, and not 6", []),
        (
            [("pencil", 2), ("chair", 3), ("chair", 3)],
            "There are 2 of chair, and not 3",
            [RELEASE_STOCK],
        ),
        (
            [("pencil", 2), ("piano", 1)],
            "The wallet of kim@example.com has 1000.00 EUR, and not 54901.00 EUR",
            [RELEASE_STOCK],
        ),
    ],
)
def test_a_refusal_rejects_the_order_and_compensates_its_steps(
    lines: list[tuple[str, int]], message: str, undone: list[str]
) -> None:
    world = World()
    done = world.order(*lines)
    output = done.output
    assert (output["status"], output["message"]) == ("rejected", message)
    assert output["undone"] == undone
    assert world.untouched()
    assert world.level("chair") == 5
    [apology] = world.inbox.messages.values()
    assert message in apology.body
    assert apology.body.endswith("You have paid nothing.")


def test_an_order_whose_customer_cannot_be_notified_is_compensated() -> None:
    an_hour = OutageTerms(wait_seconds=3_600, longest_pause_seconds=60)
    world = World(Inbox(down=True), outage_terms=an_hour)
    done = world.order()
    assert done.elapsed >= timedelta(hours=2)  # For the step, and for the apology.
    assert (done.output["status"], done.output["customer_told"]) == ("compensated", False)
    assert done.output["message"].startswith("notify_customer failed: ")
    assert done.called()[-6:] == [
        CANCEL_SHIPMENT,
        REFUND_PAYMENT,
        RELEASE_STOCK,
        *[SEND_NOTIFICATION] * 3,
    ]
    assert world.untouched()


def test_a_step_after_its_compensation_has_no_effect() -> None:
    world = World()
    done = world.order(simulate=OrderFault.NOTIFICATION)
    late = {call.name: call.input for call in done.calls}
    for step in (RESERVE_STOCK, TAKE_PAYMENT, SHIP_ORDER):
        with pytest.raises(Exception, match="was compensated"):
            world.stub(step)(late[step])
    assert world.untouched()


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.sampled_from(OrderFault)),
            st.sampled_from([("pencil", 2), ("chair", 2), ("chair", 6), ("piano", 1)]),
        ),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=30),
)
def test_stock_and_money_add_up_across_failures_and_crashes(
    orders: list[tuple[OrderFault | None, tuple[str, int]]], crashes: list[int | None]
) -> None:
    world = World(crashes=crashes)
    outputs = [
        (world.order(("notebook", 1), line, order_id=f"{i}", simulate=simulate).output, line, i)
        for i, (simulate, line) in enumerate(orders)
    ]
    completed = [
        (output, line, i) for output, line, i in outputs if output["status"] == "completed"
    ]
    opening = {"pencil": PENCILS, "chair": 5, "piano": 2, "notebook": 10_000}
    for _, (sku, quantity), _ in completed:
        opening[sku] -= quantity
        opening["notebook"] -= 1
    assert {sku: world.level(sku) for sku in opening} == opening
    assert world.balance() == CREDIT - sum(o["total"]["amount"] for o, _, _ in completed)
    numbers = [i for _, _, i in completed]
    for i in range(len(orders)):
        shipment = world.shipment(f"{i}")
        assert (shipment is not None and not shipment.cancelled) == (i in numbers)


@pytest.mark.parametrize("sample", DEFINITION.samples.values(), ids=list(DEFINITION.samples))
def test_the_samples_are_valid(sample: Any) -> None:
    OrderRequest.model_validate(sample.request)
