"""A review survives the orchestrator: what was asked is asked once, what was decided counts."""

from stack import Stack
from support.stacks import restart
from support.system import System, somebody, unique


async def test_a_kill_before_and_after_the_decision(stack: Stack, system: System) -> None:
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
    told = [message["key"] for message in await system.inbox(requester)]
    assert told == [f"{instance}:notify"]
    asked = [message["key"] for message in await system.inbox(reviewer)]
    assert asked == [f"{instance}:review:1"]
    assert await system.held(reviewer) == []
