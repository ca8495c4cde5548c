"""The inbox: what waits for people is listed, claimed and decided."""

import asyncio
from typing import Any

import httpx
import pytest

from support.system import System, eventually, somebody

YES = {"approved": True, "approver": "dana"}


async def inbox(system: System, **wanted: Any) -> list[dict[str, Any]]:
    answer = await system.orchestrator.get("/waiting", params=wanted)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def listed(system: System, approver: str, count: int = 1) -> list[dict[str, Any]]:
    """Return the waits assigned to somebody, once so many are listed."""

    async def look() -> list[dict[str, Any]] | None:
        items = await inbox(system, assigned_to=approver)
        return items if len(items) == count else None

    found: list[dict[str, Any]] = await eventually(look, f"{count} to be listed", within=30)
    return found


async def act(system: System, instance: str, action: str, **body: Any) -> httpx.Response:
    return await system.orchestrator.post(f"/waiting/{instance}/approval/{action}", json=body)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]


async def test_a_wait_is_listed_with_its_payload_schema(system: System) -> None:
    approver = somebody()
    instance = await system.purchase(approver)
    [item] = await listed(system, approver)
    assert (item["instance_id"], item["workflow"], item["event"]) == (
        instance,
        "purchase",
        "approval",
    )
    assert item["since"] < item["until"]
    assert (item["overdue"], item["claimed_by"]) == (False, None)
    assert set(item["payload_schema"]["required"]) >= {"approved", "approver"}
    assert await inbox(system, assigned_to=approver, overdue=True) == []
    assert await inbox(system, assigned_to=approver, event="verification") == []
    assert await inbox(system, assigned_to=approver, workflow="order") == []


async def test_the_soonest_deadline_comes_first_page_by_page(system: System) -> None:
    approver = somebody()
    wanted = {await system.purchase(approver) for _ in range(3)}
    await listed(system, approver, 3)
    seen: list[dict[str, Any]] = []
    cursor = None
    while True:
        params: dict[str, Any] = {"assigned_to": approver, "limit": 2}
        if cursor:
            params["cursor"] = cursor
        page = (await system.orchestrator.get("/waiting", params=params)).json()
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert {item["instance_id"] for item in seen} == wanted
    assert len(seen) == 3
    assert [item["until"] for item in seen] == sorted(item["until"] for item in seen)


async def test_a_claimed_wait_is_refused_to_others_until_its_release(system: System) -> None:
    approver = somebody()
    instance = await system.purchase(approver)
    assert (await act(system, instance, "claim", by="olga")).json()["claimed_by"] == "olga"
    assert (await act(system, instance, "claim", by="olga")).status_code == 200
    assert (await listed(system, approver))[0]["claimed_by"] == "olga"
    assert problem(await act(system, instance, "claim", by="hugo")) == (409, "claimed")
    assert problem(await act(system, instance, "decide", by="hugo", payload=YES)) == (
        409,
        "claimed",
    )
    assert (await act(system, instance, "release", by="olga")).json()["claimed_by"] is None
    assert (await act(system, instance, "decide", by="hugo", payload=YES)).status_code == 200
    assert (await system.finished(instance))["output"]["status"] == "approved"


async def test_of_two_concurrent_decisions_one_is_accepted(system: System) -> None:
    approver = somebody()
    instance = await system.purchase(approver)
    payloads = (YES, {"approved": False, "approver": "hugo"})
    answers = await asyncio.gather(
        *(act(system, instance, "decide", by=p["approver"], payload=p) for p in payloads)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [accepted] = [p for p, a in zip(payloads, answers, strict=True) if a.status_code == 200]
    ended = await system.finished(instance)
    assert ended["output"]["status"] == ("approved" if accepted["approved"] else "rejected")

    await listed(system, approver, 0)
    page = (await system.orchestrator.get("/audit", params={"limit": 100})).json()["items"]
    of_it = [entry for entry in page if entry["target"] == instance]
    assert [entry["action"] for entry in of_it] == ["decide", "decide"]
    assert sum(entry["result"] == "done" for entry in of_it) == 1


async def test_a_decision_that_is_refused_changes_nothing(system: System) -> None:
    instance = await system.purchase(somebody())
    wrong = await act(system, instance, "decide", by="hugo", payload={"approved": "perhaps"})
    assert problem(wrong) == (422, "validation")
    assert problem(await act(system, "purchase-none", "claim", by="hugo")) == (404, "not-found")
    other = await system.orchestrator.post(f"/waiting/{instance}/other/claim", json={"by": "hugo"})
    assert problem(other) == (404, "not-found")
    assert (await act(system, instance, "decide", by="hugo", payload=YES)).status_code == 200
    await system.finished(instance)
    assert (await act(system, instance, "decide", by="hugo", payload=YES)).status_code == 200
    assert problem(await act(system, instance, "decide", by="olga", payload=YES)) == (
        410,
        "instance-finished",
    )


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0", "WyJhIiwiYiIsImMiXQ"])
async def test_an_unknown_cursor_is_refused(system: System, cursor: str) -> None:
    answer = await system.orchestrator.get("/waiting", params={"cursor": cursor})
    assert problem(answer) == (422, "validation")
