"""What HTTP asks of every service besides: HEAD, prefixes, headers."""

import asyncio

import httpx
import pytest
from http_service import assert_problem, client_of
from starlette.types import Receive, Scope, Send

from contracts.problems import ProblemType


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
