"""Error answers are problem details, with type, headers and trace id."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Query
from fastapi.exceptions import HTTPException
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from pydantic import BaseModel, ValidationError

from contracts.problems import MEDIA_TYPE, PROBLEM_KINDS, FieldError, ProblemType
from servicekit.problem_texts import truncate
from servicekit.problems import (
    ProblemError,
    install_problem_handlers,
    invalid,
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
        }[name]

    transport = httpx.ASGITransport(app)
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


class Fields(BaseModel, extra="forbid"):
    name: str


@pytest.mark.parametrize(
    "body",
    [
        {f"k{i}": 0 for i in range(5_300)},
        {"name": 1, "x" * 60_000: 1},
        {"\U0001f600" * 10_000 + str(i): 1 for i in range(2)},
        {"\x01" * 5_000 + str(i): 1 for i in range(10)},
        {'"' * 20_000 + str(i): 1 for i in range(3)},
    ],
)
def test_a_problem_is_bounded_whatever_the_body(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Fields.model_validate(body)
    problem = invalid(refused.value, "body", "input")
    answer = bytes(problem_response(problem.type, problem.detail, errors=problem.errors).body)
    assert len(answer) < 4_096
    assert len(problem.detail.encode()) < 2_048
    parsed = json.loads(answer)
    assert 1 <= len(parsed["errors"]) <= 20
    assert all(error["field"].startswith("body.input.") for error in parsed["errors"])
    assert "errors.pydantic.dev" not in problem.detail


def test_a_problem_counts_the_errors_that_it_leaves_out() -> None:
    with pytest.raises(ValidationError) as refused:
        Fields.model_validate({"name": "a", **{f"k{i}": 0 for i in range(30)}})
    problem = invalid(refused.value, "body")
    assert problem.detail.startswith("body.k0: Extra inputs are not permitted; body.k1: ")
    assert problem.detail.endswith("; and 27 more")


@pytest.mark.parametrize("text", ["x" * 100_000, "\U0001f600" * 10_000, "\x00" * 9_000, "\ud800"])
def test_any_detail_is_truncated(text: str) -> None:
    answer = bytes(problem_response(ProblemType.NOT_FOUND, text).body)
    assert len(answer) < 4_096
    error = ProblemError(ProblemType.NOT_FOUND, text)
    assert len(str(error)) <= 1_500
    assert error.detail == truncate(text, 1_500)
    error.detail.encode()
