"""Error answers are problem details, with type, headers and trace id."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Query
from fastapi.exceptions import HTTPException
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from contracts.problems import MEDIA_TYPE, PROBLEM_KINDS, FieldError, ProblemType
from servicekit.problems import (
    ProblemError,
    install_problem_handlers,
    problem_response,
    problem_responses,
)
from servicekit.state import StoreUnavailable

SPAN = SpanContext(0xA, 0xB, is_remote=False, trace_flags=TraceFlags(1))


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/raise/{name}")
    async def fail(name: str, limit: Annotated[int, Query(ge=1)] = 1) -> None:
        raise {
            "conflict": ProblemError(
                ProblemType.KEY_REUSED, "Used before", errors=[FieldError(field="f", message="m")]
            ),
            "busy": ProblemError(ProblemType.UNAVAILABLE, "Later", retry_after=7),
            "store": StoreUnavailable("redis at 10.0.0.7 refused"),
            "teapot": HTTPException(418, "short and stout", headers={"x-pot": "tea"}),
            "bug": RuntimeError("password"),
        }[name]

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


async def test_a_problem_has_its_status_title_and_fields(client: httpx.AsyncClient) -> None:
    answer = await client.get("/raise/conflict")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert "retry-after" not in answer.headers
    assert answer.json() == {
        "type": "urn:taskway:problem:key-reused",
        "title": PROBLEM_KINDS[ProblemType.KEY_REUSED].title,
        "status": 409,
        "detail": "Used before",
        "errors": [{"field": "f", "message": "m"}],
    }


async def test_a_problem_has_retry_after(client: httpx.AsyncClient) -> None:
    answer = await client.get("/raise/busy")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")


async def test_an_unavailable_store_is_503_without_inner_addresses(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/raise/store")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["type"] == ProblemType.UNAVAILABLE
    assert "10.0.0.7" not in answer.text


async def test_an_unhandled_exception_is_500_without_its_text(client: httpx.AsyncClient) -> None:
    answer = await client.get("/raise/bug")
    assert (answer.status_code, answer.json()["type"]) == (500, ProblemType.INTERNAL)
    assert "password" not in answer.text


async def test_an_invalid_parameter_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.get("/raise/conflict?limit=0")
    assert (answer.status_code, answer.json()["type"]) == (422, ProblemType.VALIDATION)
    [error] = answer.json()["errors"]
    assert error["field"] == "query.limit"
    assert answer.json()["detail"] == f"query.limit: {error['message']}"


async def test_other_http_errors_keep_their_headers(client: httpx.AsyncClient) -> None:
    answer = await client.get("/raise/teapot")
    assert answer.headers["x-pot"] == "tea"
    assert answer.json()["type"] == ProblemType.BAD_REQUEST
    assert answer.json()["detail"] == "GET /raise/teapot: short and stout"


def test_a_problem_in_a_sampled_trace_has_its_id() -> None:
    assert b"trace_id" not in problem_response(ProblemType.INTERNAL, "d").body
    with trace.use_span(NonRecordingSpan(SPAN)):
        body = bytes(problem_response(ProblemType.INTERNAL, "d").body)
    assert f'"trace_id":"{0xA:032x}"'.encode() in body


def test_problems_of_one_status_are_documented_together() -> None:
    documented = problem_responses(
        ProblemType.KEY_REUSED, ProblemType.MEMBER_AWAY, ProblemType.NOT_FOUND
    )
    assert sorted(documented) == [404, 409]
    for type_ in (ProblemType.KEY_REUSED, ProblemType.MEMBER_AWAY):
        assert f"{PROBLEM_KINDS[type_].title} (`{type_}`)" in documented[409]["description"]
    assert list(documented[404]["content"]) == [MEDIA_TYPE]


def test_every_problem_type_has_a_status_and_a_title() -> None:
    assert set(PROBLEM_KINDS) == set(ProblemType)
    assert all(400 <= kind.status < 600 and kind.title for kind in PROBLEM_KINDS.values())
