"""Health and Swagger UI of every service; assigner and notifier under concurrency."""

import asyncio

import httpx
import pytest

from support.system import SERVICES, System, unique


@pytest.mark.parametrize("service", SERVICES)
async def test_a_running_service_is_alive_and_ready(system: System, service: str) -> None:
    client: httpx.AsyncClient = getattr(system, service)
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json() == {"status": "ready"}


@pytest.mark.parametrize("service", SERVICES)
async def test_swagger_ui_is_served(system: System, service: str) -> None:
    client: httpx.AsyncClient = getattr(system, service)
    assert "swagger-ui" in (await client.get("/docs")).text


async def test_an_assignment_is_made_once_and_released_once(system: System) -> None:
    key = f"{unique()}:assign"
    body = {"title": "T", "assignee": f"{unique('m')}@example.com"}
    first = await system.assigner.put(f"/assignments/{key}", json=body)
    assert first.status_code == 200
    assert (await system.assigner.put(f"/assignments/{key}", json=body)).json() == first.json()
    other = await system.assigner.put(f"/assignments/{key}", json=body | {"title": "Other"})
    assert (other.status_code, other.json()["type"]) == (409, "urn:taskway:problem:key-reused")
    for _ in range(2):
        assert (await system.assigner.delete(f"/assignments/{key}")).status_code == 204
    again = await system.assigner.put(f"/assignments/{key}", json=body)
    assert again.json()["type"] == "urn:taskway:problem:assignment-released"
    assert await system.held(first.json()["member_id"]) == []


async def test_concurrent_assignments_respect_the_capacity(system: System) -> None:
    member = unique("m")
    profile = {"name": "M", "email": f"{member}@example.com", "capacity": 10}
    await system.assigner.put(f"/members/{member}", json=profile)
    body = {"title": "T", "assignee": member}
    answers = await asyncio.gather(
        *(system.assigner.put(f"/assignments/{unique()}", json=body) for _ in range(50))
    )
    assert sorted(a.status_code for a in answers) == [200] * 10 + [409] * 40
    assert len(await system.held(member)) == 10


async def test_concurrent_copies_of_a_notification_are_delivered_once(system: System) -> None:
    recipient, key = unique("r"), f"{unique()}:notify"
    body = {"recipient": recipient, "subject": "S", "body": "B"}
    answers = await asyncio.gather(
        *(system.notifier.put(f"/notifications/{key}", json=body) for _ in range(20))
    )
    assert {a.status_code for a in answers} == {200}
    assert [m["key"] for m in await system.inbox(recipient)] == [key]


async def test_the_directory_of_members_is_managed(system: System) -> None:
    member = unique("m")
    profile = {"name": "M", "email": f"{member}@example.com", "skills": [member]}
    assert (await system.assigner.put(f"/members/{member}", json=profile)).json()["held"] == 0
    taken = await system.assigner.put(f"/members/{unique('m')}", json=profile)
    assert taken.json()["type"] == "urn:taskway:problem:email-taken"
    key = unique()
    made = await system.assigner.put(f"/assignments/{key}", json={"title": "T", "skills": [member]})
    assert made.json()["member_id"] == member
    assert (await system.assigner.delete(f"/members/{member}")).status_code == 409
    await system.assigner.delete(f"/assignments/{key}")
    assert (await system.assigner.delete(f"/members/{member}")).status_code == 204
    assert (await system.assigner.get(f"/members/{member}")).status_code == 404


async def test_an_agenda_lists_open_assignments_by_urgency(system: System) -> None:
    member = unique("m")
    profile = {"name": "M", "email": f"{member}@example.com"}
    await system.assigner.put(f"/members/{member}", json=profile)
    more = {
        "plain": {},
        "high": {"priority": "high"},
        "overdue": {"priority": "low", "due": "2020-01-31T17:00:00+01:00"},
        "released": {"priority": "urgent"},
    }
    for name, fields in more.items():
        body = {"title": name, "assignee": member, **fields}
        assert (await system.assigner.put(f"/assignments/{member}:{name}", json=body)).is_success
    await system.assigner.delete(f"/assignments/{member}:released")
    for _ in range(2):
        agenda = (await system.assigner.get(f"/members/{member}/agenda")).json()
        assert [item["title"] for item in agenda["items"]] == ["overdue", "high", "plain"]
        assert [item["overdue"] for item in agenda["items"]] == [True, False, False]
        assert (agenda["held"], agenda["complete"]) == (3, True)


async def test_an_inbox_is_read_page_by_page(system: System) -> None:
    recipient = unique("r")
    limit = asyncio.Semaphore(32)

    async def send(n: int) -> None:
        body = {"recipient": recipient, "subject": "S", "body": str(n)}
        async with limit:
            answer = await system.notifier.put(f"/notifications/{recipient}:{n}", json=body)
        assert answer.status_code == 200, answer.text

    await asyncio.gather(*(send(n) for n in range(1000)))
    bodies = [int(m["body"]) for m in await system.inbox(recipient)]
    assert sorted(bodies) == list(range(1000))
