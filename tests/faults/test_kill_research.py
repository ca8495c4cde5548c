"""The orchestrator is killed around a review: one request for it, and its decision counts."""

from stack import Stack
from support.stacks import restart
from support.system import System, somebody, unique


async def test_a_review_survives_kills_before_and_after_its_decision(
    stack: Stack, system: System
) -> None:
    requester, reviewer, name = somebody(), somebody(), unique()
    instance = await system.start(
        "/research",
        research_id=name,
        question="Does a durable timer notice a leap second?",
        requester=requester,
        reviewer=reviewer,
    )
    before = await system.waiting(instance, "review")
    await restart(stack, "orchestrator")
    assert await system.waiting(instance, "review") == before

    sent = await system.send(instance, "review", decision="approve", reviewer=reviewer)
    assert sent.status_code == 200
    await restart(stack, "orchestrator")

    output = (await system.finished(instance))["output"]
    assert (output["status"], output["rounds"]) == ("completed", 1)
    report = await system.orchestrator.get(output["report"])
    draft = await system.orchestrator.get(f"/research/{instance}/drafts/1")
    assert report.json() == draft.json()
    assert await system.notification_keys(requester) == [f"{instance}:notify"]
    assert await system.notification_keys(reviewer) == [f"{instance}:review:1"]
    assert await system.held(reviewer) == []
