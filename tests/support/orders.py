"""What orders leave behind: stock, wallets and shipments."""

from support.system import System


async def level(system: System, sku: str) -> int:
    """Return how many of some goods there are."""
    answer = await system.orchestrator.get(f"/stock/{sku}")
    assert answer.status_code == 200, answer.text
    return answer.json()["quantity"]


async def balance(system: System, customer: str) -> int:
    """Return what a customer has, in the currency's smallest unit."""
    answer = await system.orchestrator.get(f"/wallets/{customer}")
    assert answer.status_code == 200, answer.text
    return answer.json()["balance"]["amount"]


async def shipped(system: System, instance_id: str) -> bool:
    """Return whether an order's goods are shipped."""
    answer = await system.orchestrator.get(f"/shipments/{instance_id}:ship_order")
    return answer.status_code == 200 and not answer.json()["cancelled"]
