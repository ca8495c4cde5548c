"""An application whose orchestrator is killed in the middle: each effect once."""

import pytest

from stack import Stack
from support.stacks import start_again
from support.system import System, somebody, unique


@pytest.mark.parametrize("victim", ["orchestrator", "orchestrator-sidecar"])
async def test_an_application_survives_a_kill(stack: Stack, system: System, victim: str) -> None:
    """The notifier is down, so that it certainly stands between the assignment and its end."""
    candidate = somebody()
    await stack.kill("notifier")
    instance = await system.start(
        "/applications",
        application_id=unique(),
        position="product-designer",
        name="Noor Haddad",
        email=candidate,
        text="Design, prototyping and research.",
    )
    await system.at_step(instance, "send_notification")
    await stack.kill(victim)
    await start_again(stack, victim, "notifier")

    output = (await system.finished(instance))["output"]
    assert (output["status"], output["score"]["score"]) == ("interview", 70)
    assert (await system.held("farah")).count(f"{instance}:assign") == 1
    keys = await system.notification_keys("farah@example.com")
    assert keys.count(f"{instance}:recruiter") == 1
    assert await system.notification_keys(candidate) == [f"{instance}:candidate"]
