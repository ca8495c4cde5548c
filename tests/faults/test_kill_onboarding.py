"""The orchestrator is killed while documents arrive and while effects are compensated."""

import asyncio

from stack import Stack
from support.stacks import restart, start_again
from support.system import System, somebody, unique


async def test_an_onboarding_survives_kills_and_is_compensated(
    stack: Stack, system: System
) -> None:
    customer, email, verifier = unique("customer"), somebody(), somebody()
    application = {"onboarding_id": unique(), "customer_id": customer, "name": "Ada"}
    people = {"email": email, "verifier": verifier}
    instance = await system.start(
        "/onboardings", **application, **people, simulate="account_answer_lost"
    )
    await system.waiting(instance, "document")
    answers = await asyncio.gather(
        *(
            system.send(instance, "document", kind=kind, reference="scan.pdf")
            for kind in ("identity_card", "proof_of_address")
        )
    )
    assert {a.status_code for a in answers} == {200}
    await restart(stack, "orchestrator")
    await system.waiting(instance, "identity")

    # The assigner is down, so that the instance certainly stands before it opens the account.
    await stack.kill("assigner")
    sent = await system.send(instance, "identity", verified=True, verifier="alice")
    assert sent.status_code == 200
    await system.at_step(instance, "release_assignment")
    await stack.kill("orchestrator")
    await start_again(stack, "orchestrator", "assigner")

    assert (await system.finished(instance))["output"]["status"] == "failed"
    account = (await system.orchestrator.get(f"/accounts/{customer}")).json()
    assert (account["status"], account["name"]) == ("closed", None)
    documents = await system.orchestrator.get(f"/onboardings/{instance}/documents")
    assert documents.json() == []
    assert await system.held(verifier) == []
    assert await system.notification_keys(verifier) == [f"{instance}:notify"]
    assert await system.notification_keys(email) == [f"{instance}:sorry"]
