"""Which bodies and queries every service takes: JSON as it is, of its type; no name twice."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from http_service import JSON, assert_problem

from contracts.problems import ProblemType


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": NaN}',
        b'{"a": 1e400}',
        rb'{"a": "\ud800"}',
        rb'{"a": {"b": ["\udfff"]}}',
        b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"a": 1, "a": 2}',
        b'{"a": 18446744073709551616}',
        b'{"a": "\xff"}',
        b"{",
    ],
)
async def test_json_that_is_refused_is_a_problem(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/things", content=body, headers=JSON)
    assert_problem(answer, 422, ProblemType.VALIDATION)
    assert answer.json()["errors"][0]["field"].startswith("body")


async def test_a_body_arrives_as_it_was_sent(client: httpx.AsyncClient) -> None:
    thing = {
        "text": "\0 \U0001f468\u200d\U0001f469 \u05e9\u05dc \u2028 \u0085 \ufeff '\"\\ e\u0301"
    }
    assert (await client.post("/things", json=thing)).json() == thing

    async def pieces() -> AsyncIterator[bytes]:
        for byte in json.dumps(thing).encode():
            yield bytes([byte])

    assert (await client.post("/things", content=pieces(), headers=JSON)).json() == thing


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "text/json",
        "application/xml",
        "",
        None,
    ],
)
async def test_a_body_of_another_type_is_415(
    client: httpx.AsyncClient, media_type: str | None
) -> None:
    headers = {} if media_type is None else {"content-type": media_type}
    for path in ("/things", "/empty"):
        answer = await client.post(path, content=b'{"a": 1}', headers=headers)
        assert_problem(answer, 415, ProblemType.UNSUPPORTED_MEDIA_TYPE)
        assert answer.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    "media_type",
    ["application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"],
)
async def test_json_has_several_names(client: httpx.AsyncClient, media_type: str) -> None:
    answer = await client.post("/things", content=b"{}", headers={"content-type": media_type})
    assert answer.status_code == 202


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip", "x"])
async def test_a_body_in_a_coding_is_415(client: httpx.AsyncClient, coding: str) -> None:
    answer = await client.post(
        "/things", content=b"{}", headers=JSON | {"content-encoding": coding}
    )
    assert_problem(answer, 415, ProblemType.UNSUPPORTED_MEDIA_TYPE)
    assert answer.headers["accept-encoding"] == "identity"


async def test_a_request_without_a_body_needs_no_type(client: httpx.AsyncClient) -> None:
    assert (await client.post("/empty")).status_code == 200
    typed = {"content-type": "text/plain", "content-encoding": "gzip"}
    assert (await client.post("/empty", headers=typed)).status_code == 200
    assert_problem(await client.post("/things", headers=JSON), 422, ProblemType.VALIDATION)


@pytest.mark.parametrize("query", ["q=%00", "q=%ff", "q=%ed%a0%80", "%c0%af=1", "other=a%00"])
async def test_a_query_that_is_no_text_is_refused(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/found?{query}")
    assert_problem(answer, 422, ProblemType.VALIDATION)
    assert answer.json()["errors"][0]["field"] == "query"


async def test_a_query_of_any_text_is_taken(client: httpx.AsyncClient) -> None:
    text = "a+b c%20&=\u2028\U0001f600"
    assert (await client.get("/found", params={"q": text})).json() == text


@pytest.mark.parametrize("query", ["q=a&q=b", "q=a&q=a", "q=&q=", "q=a&%71=b"])
async def test_a_parameter_that_is_given_twice_is_refused(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get(f"/found?{query}")
    assert_problem(answer, 422, ProblemType.VALIDATION)
    assert answer.json()["errors"][0]["field"] == "query.q"


async def test_a_list_and_what_no_route_reads_may_be_repeated(client: httpx.AsyncClient) -> None:
    answer = await client.get("/listed?ids=a&ids=b&kinds=c&kinds=d&other=1&other=2&limit=1")
    assert answer.json() == ["a", "b", "c", "d"]
    assert (await client.get("/listed?ids=a&limit=1&limit=2")).status_code == 422
    below = {"x-forwarded-prefix": "/taskway"}
    assert (await client.get("/found?q=a&q=b", headers=below)).status_code == 422
    assert (await client.get("/nowhere?q=a&q=b")).status_code == 404
