"""Orders, over the API: whatever fails, stock and money add up."""

import asyncio
from typing import Any

import pytest

from support.orders import balance, level, shipped
from support.system import System, somebody, unique


async def order(
    system: System, customer: str, *lines: tuple[str, int], **more: Any
) -> dict[str, Any]:
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    instance = await system.start(
        "/orders", order_id=unique(), customer=customer, lines=wanted, **more
    )
    state = await system.finished(instance)
    assert state["status"] == "COMPLETED", state
    output: dict[str, Any] = state["output"]
    return output


async def deliver(system: System, sku: str, quantity: int) -> None:
    answer = await system.orchestrator.put(
        f"/stock/{sku}/deliveries/{unique()}", json={"quantity": quantity}
    )
    assert answer.status_code == 200, answer.text


async def deposit(system: System, customer: str, amount: int) -> None:
    answer = await system.orchestrator.put(
        f"/wallets/{customer}/deposits/{unique()}", json={"amount": amount}
    )
    assert answer.status_code == 200, answer.text


async def test_an_order_is_paid_shipped_and_notified(system: System) -> None:
    customer, order_id = somebody(), unique()
    credit = await balance(system, customer)
    request = {
        "order_id": order_id,
        "customer": customer,
        "lines": [{"sku": "pencil", "quantity": 2}, {"sku": "notebook", "quantity": 1}],
    }
    answer = await system.orchestrator.post("/orders", json=request)
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/orders/order-{order_id}"

    state = await system.finished(f"order-{order_id}")
    assert state["output"]["status"] == "completed"
    assert state["output"]["total"] == {"amount": 390, "currency": "EUR"}
    assert await balance(system, customer) == credit - 390
    assert await shipped(system, f"order-{order_id}")
    assert await system.notification_keys(customer) == [f"order-{order_id}:notify"]

    again = await system.orchestrator.post("/orders", json=request)
    assert (again.status_code, again.json()) == (200, answer.json())
    other = await system.orchestrator.post("/orders", json=request | {"customer": somebody()})
    assert other.status_code == 409
    assert other.json()["type"] == "urn:taskway:problem:instance-exists"
    assert await balance(system, customer) == credit - 390


@pytest.mark.parametrize(
    ("simulate", "undone"),
    [
        ("stock", ["release_stock"]),
        ("payment", ["refund_payment", "release_stock"]),
        ("shipping", ["cancel_shipment", "refund_payment", "release_stock"]),
        ("notification", ["cancel_shipment", "refund_payment", "release_stock"]),
        ("refund_retries", ["cancel_shipment", "refund_payment", "release_stock"]),
    ],
)
async def test_an_activity_that_fails_permanently_is_compensated(
    system: System, simulate: str, undone: list[str]
) -> None:
    customer = somebody()
    credit = await balance(system, customer)
    output = await order(system, customer, ("pencil", 2), simulate=simulate)
    assert (output["status"], output["undone"]) == ("compensated", undone)
    assert output["customer_told"]
    instance = f"order-{output['order_id']}"
    assert await balance(system, customer) == credit
    assert not await shipped(system, instance)
    assert await system.notification_keys(customer) == [f"{instance}:notify-undone"]


async def test_a_failed_activity_is_retried(system: System) -> None:
    customer = somebody()
    credit = await balance(system, customer)
    output = await order(system, customer, ("pencil", 2), simulate="payment_retries")
    assert output["status"] == "completed"
    assert await balance(system, customer) == credit - 100


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([("pencil", 1), ("unicorn", 1)], "There are no goods unicorn"),
        # A piano costs more than a wallet opens with.
        ([("pencil", 1), ("piano", 1)], "The wallet of"),
        ([("pencil", 1), ("chair", 1000)], "There are"),
    ],
)
async def test_an_order_that_cannot_be_fulfilled_is_rejected(
    system: System, lines: list[tuple[str, int]], message: str
) -> None:
    customer = somebody()
    credit = await balance(system, customer)
    output = await order(system, customer, *lines)
    assert output["status"] == "rejected"
    assert output["message"].startswith(message)
    assert await balance(system, customer) == credit
    assert await system.notification_keys(customer) == [f"order-{output['order_id']}:notify-undone"]


async def test_concurrent_orders_share_the_stock(system: System) -> None:
    """No other test orders prints; all pay from one wallet, and deposits come in meanwhile."""
    customer = somebody()
    if await level(system, "print") < 10:
        await deliver(system, "print", 10)
    stock, credit = await level(system, "print"), await balance(system, customer)
    each = -(-stock // 10)

    outputs, _ = await asyncio.gather(
        asyncio.gather(*(order(system, customer, ("print", each)) for _ in range(20))),
        asyncio.gather(*(deposit(system, customer, 7) for _ in range(40))),
    )
    completed = [output for output in outputs if output["status"] == "completed"]
    assert len(completed) == stock // each
    assert {o["status"] for o in outputs} == {"completed", "rejected"}
    assert await level(system, "print") == stock - each * len(completed)
    assert await balance(system, customer) == credit + 280 - 1200 * each * len(completed)


async def test_a_delivery_and_a_deposit_count_once(system: System) -> None:
    customer, name = somebody(), unique()
    credit, stock = await balance(system, customer), await level(system, "lamp")
    for path, body, other in [
        (f"/stock/lamp/deliveries/{name}", {"quantity": 3}, {"quantity": 4}),
        (f"/wallets/{customer}/deposits/{name}", {"amount": 500}, {"amount": 501}),
    ]:
        answers = await asyncio.gather(
            *(system.orchestrator.put(path, json=body) for _ in range(5))
        )
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
        refused = await system.orchestrator.put(path, json=other)
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:taskway:problem:key-reused"
    assert await balance(system, customer) == credit + 500
    assert await level(system, "lamp") == stock + 3


async def test_unknown_goods_and_shipments_are_not_found(system: System) -> None:
    for answer in (
        await system.orchestrator.get("/stock/unicorn"),
        await system.orchestrator.put("/stock/unicorn/deliveries/1", json={"quantity": 1}),
        await system.orchestrator.get("/shipments/order-none:ship_order"),
    ):
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:taskway:problem:not-found"
