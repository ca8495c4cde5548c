"""Orders of every kind run while the orchestrator is killed: stock and money add up."""

import asyncio
from itertools import cycle, islice
from typing import Any

from stack import Stack
from support.orders import balance, level, shipped
from support.stacks import restart
from support.system import System, somebody, unique

COUNT = 20
KINDS = (
    None,
    "stock",
    "payment",
    "shipping",
    "notification",
    "stock_retries",
    "payment_retries",
    "shipping_retries",
    "notification_retries",
)
GOOD = {kind for kind in KINDS if kind is None or kind.endswith("_retries")}


async def place(system: System, customer: str, kinds: list[str | None]) -> dict[str, str | None]:
    """Start an order of each kind; return the kinds by the instances' ids."""
    orders = {unique(): kind for kind in kinds}

    def request(order_id: str) -> dict[str, Any]:
        return {
            "order_id": order_id,
            "customer": customer,
            "lines": [{"sku": "pencil", "quantity": 2}, {"sku": "pencil", "quantity": 1}],
            "simulate": orders[order_id],
        }

    await asyncio.gather(*(system.start("/orders", **request(order_id)) for order_id in orders))
    return {f"order-{order_id}": kind for order_id, kind in orders.items()}


async def test_stock_and_money_add_up_after_a_kill(stack: Stack, system: System) -> None:
    customer = somebody()
    stock, credit = await level(system, "pencil"), await balance(system, customer)
    # These are being compensated while the others are being placed.
    orders = await place(system, customer, ["refund_retries"] * 3)
    for name in orders:
        await system.at_step(name, "refund_payment")
    orders |= await place(system, customer, list(islice(cycle(KINDS), COUNT)))
    states = [await system.status(name) for name in orders]
    assert sum(state["status"] == "RUNNING" for state in states) > COUNT / 2
    await restart(stack, "orchestrator")

    outputs = {name: (await system.finished(name))["output"] for name in orders}
    ended = {name: output["status"] for name, output in outputs.items()}
    assert ended == {n: "completed" if k in GOOD else "compensated" for n, k in orders.items()}
    assert {n: await shipped(system, n) for n in orders} == {
        n: k in GOOD for n, k in orders.items()
    }
    completed = sum(status == "completed" for status in ended.values())
    assert await level(system, "pencil") == stock - 3 * completed
    assert await balance(system, customer) == credit - 150 * completed
    messages = {"completed": "notify", "compensated": "notify-undone"}
    expected = [f"{name}:{messages[status]}" for name, status in ended.items()]
    assert sorted(await system.notification_keys(customer)) == sorted(expected)
