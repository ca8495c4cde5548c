"""A malformed request is a 422 problem that names what is wrong, and nothing comes of it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from unit_support.api import api_over

JSON = {"content-type": "application/json"}
MAIL = "kim@example.com"


@pytest.fixture(scope="module")
async def api() -> AsyncIterator[httpx.AsyncClient]:
    """The API with nothing but the settings behind its routes."""
    async with api_over() as client:
        yield client


def problem_fields(answer: httpx.Response) -> list[str]:
    """Return the fields that a 422 problem names."""
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:taskway:problem:validation"
    return [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"task"',
        b'{"title": "T", "assignee": "alice"}',
        b'{"task_id": "1", "assignee": "alice"}',
        b'{"task_id": 7, "title": "T"}',
        b'{"task_id": "1", "title": 7}',
        b'{"task_id": "1", "title": null}',
        b'{"task_id": "1", "title": "T", "skills": "python"}',
        b'{"task_id": "1", "title": "T", "due": "tomorrow"}',
        b'{"task_id": "1", "title": "T", "asignee": "alice"}',
        b'{"task_id": "1/..", "title": "T"}',
        b'{"task_id": "1", "title": "' + b"x" * 201 + b'"}',
    ],
)
async def test_a_malformed_task_is_refused(api: httpx.AsyncClient, body: bytes) -> None:
    answer = await api.post("/tasks/process", content=body, headers=JSON)
    assert problem_fields(answer)


# By the path that starts a workflow: a request that it takes, and what makes it malformed.
APPLICATION = {
    "application_id": "1",
    "position": "backend-engineer",
    "name": "Noor Haddad",
    "email": MAIL,
    "text": "Python",
}
ORDER = {"order_id": "1", "customer": MAIL, "lines": [{"sku": "pencil", "quantity": 1}]}
MONITOR = {"monitor_id": "1", "url": "http://example.com/", "notify": "alice"}
ONBOARDING = {"onboarding_id": "1", "customer_id": "c", "name": "Ada", "email": MAIL}
PURCHASE = {"purchase_id": "1", "requester": MAIL, "item": "A laptop", "amount": 129_900}
RESEARCH = {"research_id": "1", "question": "Why?", "requester": "ann"}
TRACKED = {"task_id": "1", "title": "T", "assignee": "alice"}
MALFORMED_STARTS: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "/applications": (
        APPLICATION,
        [
            {"email": "nobody"},
            {"name": ""},
            {"name": "a\u0000b"},
            {"text": "x" * 20_001},
            {"position": "a/b"},
            {"application_id": ""},
            {"cv": "x"},
        ],
    ),
    "/batches": (
        {"batch_id": "1"},
        [
            {},
            {"documents": ["a"], "prefix": "a", "count": 1},
            {"prefix": "a"},
            {"count": 5},
            {"prefix": "a", "count": 1001},
            {"prefix": "a", "count": "5"},
            {"documents": [f"d{i}" for i in range(201)]},
            {"documents": ["a|b"]},
            {"documents": ["a"], "parallelism": 51},
            {"documents": ["a"], "simulate": "rain"},
            {"documents": ["a"], "colour": "red"},
        ],
    ),
    "/monitors": (
        MONITOR,
        [
            {"url": "ftp://example.com/"},
            {"url": "http://user:secret@example.com/"},
            {"url": "http://169.254.169.254/latest/meta-data"},
            {"url": "http://[::ffff:10.0.0.1]/"},
            {"url": "http://167772161/"},
            {"url": "http://example.com:99999/"},
            {"url": "http://exa mple.com/"},
            {"url": ""},
            {"interval_seconds": 0},
            {"retry_seconds": 86_401},
            {"notify": "a b"},
            {"state": {}},
        ],
    ),
    "/onboardings": (ONBOARDING, [{"email": "ada"}, {"name": ""}, {"customer_id": "a b"}]),
    "/orders": (
        ORDER,
        [
            {"customer": "kim"},
            {"lines": []},
            {"lines": [{"sku": "pencil", "quantity": 0}]},
            {"lines": [{"sku": "pencil", "quantity": 1.5}]},
            {"lines": [{"sku": "pencil", "quantity": 1, "price": 1}]},
            {"simulate": "chaos"},
        ],
    ),
    "/purchase-orders": (
        PURCHASE,
        [{"amount": 0}, {"amount": "1"}, {"currency": "XXX"}, {"colour": "red"}],
    ),
    "/research": (
        RESEARCH,
        [
            {"question": ""},
            {"question": "x" * 501},
            {"question": "two\nlines"},
            {"requester": "no body"},
            {"reviewer_skills": []},
            {"review_seconds": 0},
            {"simulate": "rain"},
            {"colour": "red"},
        ],
    ),
    "/tasks": (
        TRACKED,
        [
            {"task_id": "a|b"},
            {"title": None},
            {"title": "T" * 201},
            {"due": "2030-01-01T00:00:00"},
            {"due_in_seconds": -1},
            {"remind_before_seconds": 10**12},
            {"escalate_to": ""},
            {"deadline": "tomorrow"},
        ],
    ),
}


@pytest.mark.parametrize(
    ("path", "good", "wrong"),
    [(path, good, wrong) for path, (good, all_) in MALFORMED_STARTS.items() for wrong in all_],
)
async def test_a_malformed_start_is_refused(
    api: httpx.AsyncClient, path: str, good: dict[str, Any], wrong: dict[str, Any]
) -> None:
    named = problem_fields(await api.post(path, json=good | wrong))
    field = next(iter(wrong), "")
    # What is wrong with a batch's selection of documents, no single field is.
    assert path == "/batches" or {".".join(name.split(".")[:2]) for name in named} == {
        f"body.{field}"
    }


@pytest.mark.parametrize(("path", "good"), [(p, good) for p, (good, _) in MALFORMED_STARTS.items()])
async def test_a_well_formed_start_reaches_the_engine(
    api: httpx.AsyncClient, path: str, good: dict[str, Any]
) -> None:
    documents = {"documents": ["a"]} if path == "/batches" else {}
    with pytest.raises(pytest.fail.Exception, match="start was used"):
        await api.post(path, json=good | documents)


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("POST", "/start/a%7Cb", "path.user_name"),
        ("PUT", "/stock/pencil/deliveries/a%7Cb", "path.delivery_id"),
        ("PUT", "/stock/pen%00cil/deliveries/1", "path.sku"),
        ("PUT", "/wallets/kim/deposits/1", "path.customer"),
    ],
)
async def test_what_no_resource_can_be_named_is_not_found(
    api: httpx.AsyncClient, method: str, path: str, field: str
) -> None:
    answer = await api.request(method, path, json={})
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (404, "urn:taskway:problem:not-found")
    assert field in [error["field"] for error in problem["errors"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/stock/pencil/deliveries/1", {"quantity": 0}),
        ("/stock/pencil/deliveries/1", {"quantity": True}),
        ("/wallets/kim@example.com/deposits/1", {"amount": -1}),
        ("/wallets/kim@example.com/deposits/1", {"amount": 10**30}),
        ("/wallets/kim@example.com/deposits/1", {"amount": 1, "currency": "USD"}),
        ("/documents/1", {"text": "x" * 60_001}),
        ("/documents/1", {"text": ""}),
        ("/notes/1", {"title": "", "text": "t"}),
        ("/notes/1", {"title": "t", "text": "x" * 1_001}),
    ],
)
async def test_a_malformed_resource_is_refused(
    api: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    assert problem_fields(await api.put(path, json=body))


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": 0}, "query.limit"),
        ({"limit": 201}, "query.limit"),
        ({"sort": "title"}, "query.sort"),
        ({"status": "DONE"}, "query.status.0"),
        ({"created_from": "2026-01-01T00:00:00"}, "query.created_from"),
        ({"color": "blue"}, "query.color"),
    ],
)
async def test_a_malformed_filter_is_refused(
    api: httpx.AsyncClient, params: dict[str, Any], field: str
) -> None:
    assert problem_fields(await api.get("/instances", params=params)) == [field]
