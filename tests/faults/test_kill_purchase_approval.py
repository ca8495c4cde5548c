"""A decision survives kills of the orchestrator and its sidecar, and each effect happens once."""

import pytest

from stack import Stack
from support.stacks import restart, start_again
from support.system import System, somebody, unique


@pytest.mark.parametrize("victim", ["orchestrator", "orchestrator-sidecar"])
async def test_a_decision_survives_a_kill(stack: Stack, system: System, victim: str) -> None:
    approver, requester = somebody(), somebody()
    purchase = {"purchase_id": unique(), "requester": requester, "item": "A laptop"}
    instance = await system.start("/purchase-orders", **purchase, amount=129_900, approver=approver)
    await system.waiting(instance, "approval")
    await restart(stack, victim)

    decision = {"approved": True, "approver": "dana"}
    # The requester cannot be notified yet: the instance certainly stands after the decision.
    await stack.kill("notifier")
    assert (await system.send(instance, "approval", **decision)).status_code == 200
    await system.at_step(instance, "send_notification")
    await stack.kill(victim)
    await start_again(stack, victim, "notifier")

    assert (await system.finished(instance))["output"]["status"] == "approved"
    assert await system.notification_keys(approver) == [f"{instance}:notify"]
    assert await system.notification_keys(requester) == [f"{instance}:tell-requester"]
    assert await system.held(approver) == []
