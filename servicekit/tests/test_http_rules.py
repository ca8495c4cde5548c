"""What HTTP asks of every service: hosts, origins, media types, HEAD, prefixes, headers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from contracts.problems import MEDIA_TYPE, ProblemType
from servicekit.app import build_app
from servicekit.readiness import Readiness
from servicekit.settings import ServiceSettings

JSON = {"content-type": "application/json"}
router = APIRouter()


@router.post("/things", status_code=202)
async def post_thing(thing: dict[str, Any], response: Response) -> dict[str, Any]:
    response.headers["Location"] = "/things/1"
    return thing


@router.get("/things/{thing_id}")
async def get_thing(thing_id: str) -> str:
    return thing_id


@router.post("/empty")
async def post_nothing() -> str:
    return "done"


@router.get("/found")
async def find(q: Annotated[str, Query(max_length=100)] = "") -> str:
    return q


@router.get("/stream", response_class=EventSourceResponse)
async def stream() -> AsyncIterator[ServerSentEvent]:
    while True:
        yield ServerSentEvent(data="again")
        await asyncio.sleep(0.001)


def client_of(base_url: str = "http://localhost:8000", **settings: Any) -> httpx.AsyncClient:
    async def open_(_: AsyncExitStack, __: ServiceSettings, ___: Readiness) -> str:
        return "open"

    app = build_app(
        title="T",
        description="",
        tags=[],
        settings=ServiceSettings(**settings),
        open_=open_,
        routers=[router],
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of() as client:
        yield client


def assert_problem(answer: httpx.Response, status: int, type_: ProblemType) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["type"] == type_
    assert len(answer.content) < 4096


# ------------------------------------------------------------------------------ bodies


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


# ------------------------------------------------------------------------------- hosts


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LOCALHOST",
        "localhost.",
        "a.localhost:80",
        "127.0.0.1:30080",
        "10.244.0.7:8000",
        "[::1]:8000",
        "[fd00::7]",
        "orchestrator",
        "orchestrator.taskway.svc",
        "orchestrator.taskway.svc.cluster.local:80",
    ],
)
async def test_a_host_of_this_machine_or_cluster_is_answered(
    client: httpx.AsyncClient, host: str
) -> None:
    assert (await client.get("/found", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "svc",
        "xsvc.evil",
        "127.1.evil",
        "localhost:8000@evil.example",
        "localhost, evil.example",
        "local host",
        "a/b",
        "[::1",
        "[1.evil]",
        ":8000",
        "",
    ],
)
async def test_another_host_is_421(client: httpx.AsyncClient, host: str) -> None:
    answer = await client.get("/found", headers={"host": host})
    if host == "svc":
        # A name without a dot, whatever it is.
        assert answer.status_code == 200
    else:
        assert_problem(answer, 421, ProblemType.MISDIRECTED)


async def test_two_hosts_are_421(client: httpx.AsyncClient) -> None:
    request = client.build_request("GET", "/found")
    request.headers = httpx.Headers([("host", "localhost"), ("host", "evil.example")])
    assert_problem(await client.send(request), 421, ProblemType.MISDIRECTED)


async def test_allowed_hosts_are_a_setting() -> None:
    async with client_of(allowed_hosts=["tasks.example.com", "*.example.org"]) as client:
        for host in ("tasks.example.com", "a.example.org:443", "10.0.0.1"):
            assert (await client.get("/found", headers={"host": host})).status_code == 200
        for host in ("a.tasks.example.com", "example.org", "a.localhost"):
            answer = await client.get("/found", headers={"host": host})
            assert_problem(answer, 421, ProblemType.MISDIRECTED)
    async with client_of(allowed_hosts=["*"]) as client:
        assert (await client.get("/found", headers={"host": "evil.example"})).status_code == 200
        assert (await client.get("/found", headers={"host": "a/b"})).status_code == 421


# ----------------------------------------------------------------------------- origins


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "origin": "http://localhost:8000"},
        {"sec-fetch-site": "none"},
        {"origin": "http://localhost:8000"},
        # Behind a proxy that ends TLS.
        {"origin": "https://localhost:8000"},
    ],
)
async def test_pages_of_the_service_and_other_programs_may_change_something(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.post("/empty", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "http://localhost:3000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "?"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:3000"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://[evil"},
    ],
)
async def test_a_page_of_another_site_may_not(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert_problem(await client.post("/empty", headers=headers), 403, ProblemType.CROSS_ORIGIN)
    answer = await client.post("/things", json={}, headers=headers)
    assert_problem(answer, 403, ProblemType.CROSS_ORIGIN)
    # It may link to the service; without CORS headers it cannot read what it gets.
    read = await client.get("/found", headers=headers)
    assert read.status_code == 200
    assert not [name for name in read.headers if name.startswith("access-control-")]


async def test_trusted_origins_are_a_setting() -> None:
    async with client_of(trusted_origins=["https://portal.example.com"]) as client:
        headers = {"origin": "https://portal.example.com", "sec-fetch-site": "cross-site"}
        assert (await client.post("/empty", headers=headers)).status_code == 200
        headers["origin"] = "https://portal.example.com.evil.example"
        assert (await client.post("/empty", headers=headers)).status_code == 403


# -------------------------------------------------------------------------------- HEAD


@pytest.mark.parametrize("path", ["/found?q=a", "/healthz", "/metrics", "/openapi.json", "/docs"])
async def test_head_has_the_headers_of_get_and_no_body(
    client: httpx.AsyncClient, path: str
) -> None:
    get, head = await client.get(path), await client.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    if path != "/metrics":
        # Between the two requests, the process has used some time.
        assert head.headers == get.headers


async def test_head_of_a_stream_ends(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(5):
        answer = await client.head("/stream")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.content == b""


async def test_head_is_allowed_where_get_is(client: httpx.AsyncClient) -> None:
    answer = await client.post("/found")
    assert_problem(answer, 405, ProblemType.METHOD_NOT_ALLOWED)
    assert answer.headers["allow"] == "GET, HEAD"
    answer = await client.head("/empty")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert (await client.head("/nowhere")).status_code == 404


# ---------------------------------------------------------------------------- prefixes


@pytest.mark.parametrize("sent", ["/things", "/taskway/things"])
async def test_a_prefix_is_a_setting_for_a_proxy_that_strips_it_or_not(sent: str) -> None:
    async with client_of(root_path="/taskway") as client:
        answer = await client.post(sent, json={})
        assert (answer.status_code, answer.headers["location"]) == (202, "/taskway/things/1")
        document = (await client.get("/openapi.json")).json()
        assert document["servers"] == [{"url": "/taskway"}]


async def test_a_proxy_can_tell_its_prefix(client: httpx.AsyncClient) -> None:
    headers = {"x-forwarded-prefix": "/a/taskway/"}
    answer = await client.post("/things", json={}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (202, "/a/taskway/things/1")
    document = (await client.get("/openapi.json", headers=headers)).json()
    assert document["servers"] == [{"url": "/a/taskway"}]
    # It is of that request alone.
    assert "servers" not in (await client.get("/openapi.json")).json()
    assert (await client.post("/things", json={})).headers["location"] == "/things/1"


async def test_a_prefix_that_is_a_path_of_the_service_is_told_apart(
    client: httpx.AsyncClient,
) -> None:
    headers = {"x-forwarded-prefix": "/things"}
    answer = await client.post("/things", json={}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (202, "/things/things/1")
    assert (await client.get("/things/1", headers=headers)).json() == "1"


@pytest.mark.parametrize(
    "prefix",
    [
        "//evil.example",
        "https://evil.example",
        "/a//b",
        "taskway",
        "/a b",
        "/%2e",
        "/a\\b",
        '/"><script>',
        "/a" * 101,
        "/",
        "",
    ],
)
async def test_another_prefix_is_ignored(client: httpx.AsyncClient, prefix: str) -> None:
    answer = await client.post("/things", json={}, headers={"x-forwarded-prefix": prefix})
    assert (answer.status_code, answer.headers["location"]) == (202, "/things/1")


@pytest.mark.parametrize(
    ("method", "headers"),
    [("GET", {}), ("HEAD", {}), ("GET", {"x-forwarded-prefix": "/made/up"})],
)
async def test_metrics_are_labelled_by_the_route_and_nothing_of_the_callers(
    method: str, headers: dict[str, str]
) -> None:
    async with client_of() as client:
        scopes: list[Scope] = []
        transport = client._transport
        assert isinstance(transport, httpx.ASGITransport)
        app = transport.app

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            scopes.append(scope)
            await app(scope, receive, send)

        transport.app = watched
        assert (await client.request(method, "/things/1", headers=headers)).status_code == 200
    [scope] = scopes
    assert scope["route"].path_format == "/things/{thing_id}"
    assert scope["root_path"] == ""
    assert scope["method"] == method


# ------------------------------------------------------------------------------ headers


@pytest.mark.parametrize(
    ("path", "status"), [("/found", 200), ("/nowhere", 404), ("/found?q=%00", 422), ("/docs", 200)]
)
async def test_every_answer_has_security_headers(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "strict-transport-security" not in answer.headers


async def test_over_https_alone_browsers_are_told_to_keep_to_it() -> None:
    async with client_of("https://localhost") as client:
        assert "max-age=" in (await client.get("/found")).headers["strict-transport-security"]
