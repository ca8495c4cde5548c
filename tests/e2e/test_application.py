"""Job applications, over the API."""

import asyncio
from typing import Any

import pytest

from support.system import System, somebody, unique

RECRUITER = "farah@example.com"
HIGH = "Six years of Python and SQL, REST interfaces, Kubernetes and Redis."


def application(**fields: Any) -> dict[str, Any]:
    ids = {"application_id": unique(), "position": "backend-engineer"}
    return {**ids, "name": "Noor Haddad", "email": somebody(), "text": HIGH, **fields}


@pytest.mark.parametrize(
    ("text", "points", "status", "task"),
    [
        (HIGH, 80, "interview", "Interview Noor Haddad for Backend Engineer"),
        ("python, SQL", 40, "review", "Review the application of Noor Haddad for Backend Engineer"),
    ],
    ids=["interview", "review"],
)
async def test_a_good_application_is_assigned_and_both_sides_are_notified(
    system: System, text: str, points: int, status: str, task: str
) -> None:
    request = application(text=text)
    instance = await system.start("/applications", **request)
    output = (await system.finished(instance))["output"]
    assert (output["status"], output["score"]["score"]) == (status, points)
    assert sum(hit["points"] for hit in output["score"]["hits"]) == points
    assert output["recruiter"] == RECRUITER

    held = (await system.assigner.get(f"/assignments/{instance}:assign")).json()
    assert (held["title"], held["status"], held["email"]) == (task, "held", RECRUITER)
    [message] = await system.inbox(request["email"])
    assert "Farah Aziz" in message["body"]
    keys = [m["key"] for m in await system.inbox(RECRUITER)]
    assert keys.count(f"{instance}:recruiter") == 1


async def test_a_weak_application_is_declined_courteously(system: System) -> None:
    request = application(text="Ten years of C++, and none of C or pythonic things.")
    instance = await system.start("/applications", **request)
    output = (await system.finished(instance))["output"]
    assert (output["status"], output["score"]["score"]) == ("declined", 10)
    assert output["score"]["missing"] == ["python", "sql", "rest"]
    [message] = await system.inbox(request["email"])
    assert message["body"].startswith("Dear Noor Haddad")
    assert (await system.assigner.get(f"/assignments/{instance}:assign")).status_code == 404


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"position": "astronaut"}, "Unknown position: astronaut"),
        ({"name": " "}, "Missing name"),
        ({"text": ""}, "Missing text"),
    ],
)
async def test_an_invalid_application_is_rejected(
    system: System, fields: dict[str, Any], message: str
) -> None:
    request = application(**fields)
    instance = await system.start("/applications", **request)
    output = (await system.finished(instance))["output"]
    assert (output["status"], output["message"]) == ("rejected", message)
    assert await system.inbox(request["email"]) == []


async def test_an_assignment_is_released_where_the_recruiter_cannot_be_notified(
    system: System,
) -> None:
    request = application(simulate="recruiter-unreachable")
    instance = await system.start("/applications", **request)
    output = (await system.finished(instance))["output"]
    assert output["status"] == "failed"
    assert "released" in output["message"]
    held = await system.assigner.get(f"/assignments/{instance}:assign")
    assert held.json()["status"] == "released"
    assert await system.inbox(request["email"]) == []


async def test_the_scoring_rules_are_in_the_api(system: System) -> None:
    rules = (await system.orchestrator.get("/applications/rules")).json()
    [position] = [p for p in rules["positions"] if p["id"] == "backend-engineer"]
    assert position["required"]["python"] == 25
    assert rules["thresholds"] == {"high": 70, "medium": 40}


async def test_ten_identical_applications_have_one_effect(system: System) -> None:
    request = application()
    answers = await asyncio.gather(
        *(system.orchestrator.post("/applications", json=request) for _ in range(10))
    )
    assert sorted(a.status_code for a in answers) == [200] * 9 + [202]
    await system.finished(answers[0].json()["instance_id"])
    assert len(await system.inbox(request["email"])) == 1
    other = await system.orchestrator.post("/applications", json={**request, "text": "C++"})
    assert other.status_code == 409
