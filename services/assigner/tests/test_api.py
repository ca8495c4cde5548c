"""The assigner's routes, over HTTP."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from assigner.bootstrap import Assigner
from assigner.main import create_app
from assigner.settings import Settings
from contracts.problems import ProblemType
from servicekit.readiness import Readiness
from support.system import eventually


@pytest.fixture
async def client(assigner: Assigner) -> AsyncIterator[httpx.AsyncClient]:
    async def open_(_: AsyncExitStack, __: Settings, ___: Readiness) -> Assigner:
        return assigner

    app = create_app(Settings(), open_)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://t") as client,
    ):

        async def ready() -> bool | None:
            return (await client.get("/readyz")).is_success or None

        await eventually(ready, "the assigner to be ready")
        yield client


async def test_get_an_agenda(client: httpx.AsyncClient) -> None:
    for key, due in [("later", "2020-01-02T00:00:00Z"), ("sooner", "2020-01-01T00:00:00Z")]:
        body = {"title": key, "assignee": "alice", "due": due, "priority": "high"}
        assert (await client.put(f"/assignments/{key}", json=body)).json()["due"] == due
    agenda = (await client.get("/members/alice/agenda", params={"limit": 1})).json()
    [item] = agenda.pop("items")
    assert agenda == {"member_id": "alice", "held": 2, "complete": True}
    assert item.pop("assigned_at")
    assert item == {
        "key": "sooner",
        "title": "sooner",
        "priority": "high",
        "due": "2020-01-01T00:00:00Z",
        "overdue": True,
    }


@pytest.mark.parametrize("limit", [0, 201, "all"])
async def test_an_agenda_has_a_bounded_limit(client: httpx.AsyncClient, limit: object) -> None:
    answer = await client.get("/members/alice/agenda", params={"limit": str(limit)})
    assert answer.json()["type"] == ProblemType.VALIDATION
    assert answer.json()["errors"][0]["field"] == "query.limit"


async def test_the_agenda_of_an_unknown_member_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.get("/members/nobody/agenda")
    assert (answer.status_code, answer.json()["type"]) == (404, ProblemType.UNKNOWN_MEMBER)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("priority", "critical"),
        ("due", "2030-01-31"),
        ("due", 1_900_000_000),
        ("due", "1900000000"),
    ],
)
async def test_an_invalid_priority_or_due_date_is_a_validation_error(
    client: httpx.AsyncClient, field: str, value: object
) -> None:
    body = {"title": "T", "assignee": "alice", field: value}
    answer = await client.put("/assignments/t", json=body)
    assert answer.json()["type"] == ProblemType.VALIDATION
    assert answer.json()["errors"][0]["field"] == f"body.{field}"
