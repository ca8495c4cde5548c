"""The onboarding of a customer, over the API."""

from typing import Any

import pytest

from support.system import System, somebody, unique

KINDS = ("identity_card", "proof_of_address")


def application(**fields: Any) -> dict[str, Any]:
    usual = {"onboarding_id": unique(), "customer_id": unique("customer"), "name": "Ada"}
    return {**usual, "email": somebody(), "verifier": somebody(), **fields}


async def hand_in(system: System, instance: str, kind: str, reference: str = "scan.pdf") -> int:
    answer = await system.orchestrator.post(
        f"/onboardings/{instance}/document", json={"kind": kind, "reference": reference}
    )
    return answer.status_code


async def collected(system: System, **fields: Any) -> tuple[str, dict[str, Any]]:
    """Start an onboarding, and hand in all documents."""
    request = application(**fields)
    instance = await system.start("/onboardings", **request)
    await system.waiting(instance, "document")
    for kind in KINDS:
        assert await hand_in(system, instance, kind) == 200
    return instance, request


async def verify(system: System, instance: str, verified: bool = True) -> None:
    await system.waiting(instance, "identity")
    answer = await system.send(
        instance, "identity", verified=verified, verifier="alice", reason="I looked"
    )
    assert answer.status_code == 200, answer.text


async def account(system: System, request: dict[str, Any]) -> str | None:
    """Return the status of the customer's account, if there ever was one."""
    answer = await system.orchestrator.get(f"/accounts/{request['customer_id']}")
    if answer.status_code == 404:
        return None
    assert answer.status_code == 200
    return str(answer.json()["status"])


async def documents(system: System, instance: str) -> list[str]:
    answer = await system.orchestrator.get(f"/onboardings/{instance}/documents")
    assert answer.status_code == 200
    return sorted(document["kind"] for document in answer.json())


async def assert_compensated(system: System, instance: str, request: dict[str, Any]) -> None:
    """Every effect for the customer is compensated, and the customer is notified."""
    assert await account(system, request) in (None, "closed")
    assert await documents(system, instance) == []
    assert await system.subjects(request["email"]) == ["Your account"]


async def test_a_verified_customer_gets_an_account_and_a_welcome(system: System) -> None:
    instance, request = await collected(system)
    await system.waiting(instance, "identity")
    assert await system.held(request["verifier"]) == [f"{instance}:assign"]
    assert await documents(system, instance) == list(KINDS)
    await verify(system, instance)

    output = (await system.finished(instance))["output"]
    assert (output["status"], output["verifier"]) == ("completed", "alice")
    kept = (await system.orchestrator.get(f"/accounts/{request['customer_id']}")).json()
    assert (kept["status"], kept["name"], kept["email"]) == ("open", "Ada", request["email"])
    assert await documents(system, instance) == list(KINDS)
    assert await system.subjects(request["email"]) == ["Welcome"]
    assert await system.held(request["verifier"]) == []


async def test_a_second_document_of_a_kind_is_refused(system: System) -> None:
    instance = await system.start("/onboardings", **application())
    await system.waiting(instance, "document")
    assert await hand_in(system, instance, KINDS[0]) == 200
    assert await hand_in(system, instance, KINDS[0], "another.pdf") == 409
    assert await hand_in(system, instance, "library_card") == 422
    generic = await system.send(instance, "document", kind="library_card", reference="x")
    assert generic.status_code == 422
    assert await hand_in(system, instance, KINDS[1]) == 200
    await system.waiting(instance, "identity")
    assert await hand_in(system, instance, KINDS[1]) == 200
    assert await hand_in(system, instance, KINDS[1], "another.pdf") == 409
    answer = await system.orchestrator.get(f"/onboardings/{instance}/documents")
    assert {d["reference"] for d in answer.json()} == {"scan.pdf"}


async def test_missing_documents_are_compensated_after_the_deadline(system: System) -> None:
    request = application(collect_within_seconds=6)
    instance = await system.start("/onboardings", **request)
    await system.waiting(instance, "document")
    assert await hand_in(system, instance, KINDS[0]) == 200
    output = (await system.finished(instance))["output"]
    assert output["status"] == "timed_out"
    assert KINDS[1] in output["message"]
    await assert_compensated(system, instance, request)
    assert await hand_in(system, instance, KINDS[1]) == 409


async def test_a_refused_verification_is_compensated(system: System) -> None:
    instance, request = await collected(system)
    await verify(system, instance, verified=False)
    assert (await system.finished(instance))["output"]["status"] == "refused"
    await assert_compensated(system, instance, request)
    assert await system.held(request["verifier"]) == []
    assert (
        await system.send(instance, "identity", verified=True, verifier="bo")
    ).status_code == 410


async def test_a_late_verification_is_compensated_after_reminders(system: System) -> None:
    limits = {"verify_within_seconds": 3, "remind_every_seconds": 1}
    instance, request = await collected(system, **limits)
    assert (await system.finished(instance))["output"]["status"] == "timed_out"
    await assert_compensated(system, instance, request)
    assert await system.held(request["verifier"]) == []
    subjects = await system.subjects(request["verifier"])
    assert subjects == ["An identity to verify", *["An identity still to verify"] * 2]


@pytest.mark.parametrize("simulate", ["account_fails", "account_answer_lost"])
async def test_an_account_that_fails_to_open_is_closed(system: System, simulate: str) -> None:
    instance, request = await collected(system, simulate=simulate)
    await verify(system, instance)
    assert (await system.finished(instance))["output"]["status"] == "failed"
    await assert_compensated(system, instance, request)
    assert await system.held(request["verifier"]) == []
    closed = (await system.orchestrator.get(f"/accounts/{request['customer_id']}")).json()
    assert (closed["status"], closed["name"]) == ("closed", None)
    assert (closed["opened_at"] is None) == (simulate == "account_fails")


async def test_a_customer_gets_no_second_account(system: System) -> None:
    first, request = await collected(system)
    await verify(system, first)
    await system.finished(first)
    second, _ = await collected(system, customer_id=request["customer_id"])
    await verify(system, second)
    output = (await system.finished(second))["output"]
    assert (output["status"], "already" in output["message"]) == ("failed", True)
    assert await account(system, request) == "open"


async def test_a_verifier_who_is_away_fails_the_onboarding(system: System) -> None:
    instance, _ = await collected(system, verifier="emil")
    output = (await system.finished(instance))["output"]
    assert (output["status"], "away" in output["message"]) == ("failed", True)
    assert await documents(system, instance) == []


async def test_an_unknown_customer_has_no_account(system: System) -> None:
    assert (await system.orchestrator.get(f"/accounts/{unique()}")).status_code == 404
    assert (await system.orchestrator.get("/accounts/a%7Cb")).status_code == 404
