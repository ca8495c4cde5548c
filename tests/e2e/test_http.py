"""Every service answers as HTTP asks, on its own port and behind its sidecar."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from support.system import SERVICES, System, somebody, unique

JSON = {"content-type": "application/json"}
PROBLEM = "application/problem+json"
SMALL = 4_096
# A JSON value that no service accepts, whatever the route, and why.
REFUSED = {
    "NaN": b"NaN",
    "an infinite number": b"-1e400",
    "an integer of 65 bits": b"18446744073709551616",
    "5,000 digits": b"1" * 5_000,
    "a lone surrogate": rb'"\ud800"',
    "a name with a lone surrogate": rb'{"\udfff": 1}',
    "300 levels": b"[" * 300 + b"]" * 300,
    "30,000 levels": b"[" * 30_000,
    "a name twice": b'{"a": 1, "a": 1}',
    "no UTF-8": b'"a\xff"',
    "a control character": b'"a\x01b"',
}
# A route of each service that takes a body, by method, path and the field with a free text.
WRITES = {
    "orchestrator": ("POST", "/tasks/process", "title"),
    "assigner": ("PUT", "/assignments/unused", "title"),
    "notifier": ("PUT", "/notifications/unused", "body"),
}


def client_of(system: System, service: str) -> httpx.AsyncClient:
    client: httpx.AsyncClient = getattr(system, service)
    return client


def assert_problem(answer: httpx.Response, status: int, kind: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["type"] == f"urn:taskway:problem:{kind}"
    assert len(answer.content) < SMALL


@pytest.mark.parametrize("service", SERVICES)
async def test_json_that_is_refused_is_a_problem(system: System, service: str) -> None:
    client = client_of(system, service)
    method, path, field = WRITES[service]
    for why, value in REFUSED.items():
        body = b'{"' + field.encode() + b'": ' + value + b"}"
        answer = await client.request(method, path, content=body, headers=JSON)
        assert answer.status_code == 422, why
        assert_problem(answer, 422, "validation")


async def test_json_is_refused_where_a_model_takes_any(system: System) -> None:
    """In the request of a schedule, the input of a rerun, the payload of a decision."""
    places = {
        ("PUT", "/schedules/unused"): b'{"workflow":"task","every_seconds":60,"request":{"a":%b}}',
        ("POST", "/instances/task-1/rerun"): b'{"reason":"try","new_id":"2","input":{"a":%b}}',
        ("POST", "/instances/task-1/events/x"): b'{"a":%b}',
        ("POST", "/waiting/task-1/x/decide"): b'{"by":"ann","payload":{"a":%b}}',
        ("POST", "/instances:batch"): b'{"operation":"pause","reason":"try","filter":{"q":%b}}',
    }
    for (method, path), template in places.items():
        for why, value in REFUSED.items():
            answer = await system.orchestrator.request(
                method, path, content=template % value, headers=JSON
            )
            assert answer.status_code == 422, (path, why)
            assert_problem(answer, 422, "validation")


async def test_any_text_comes_back_as_it_was_sent(system: System) -> None:
    title = (
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u05e9\u05dc\u05d5\u05dd e\u0301 \u2028 "
        "\u0085 \ufeff '\"\\ </script> %s {0}"
    )
    instance = await system.start(
        "/tasks/process", task_id=unique(), title=title, assignee=somebody()
    )
    ended = await system.finished(instance)
    assert (ended["status"], ended["input"]["title"]) == ("COMPLETED", title)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_body_of_another_type_or_coding_is_415(system: System, service: str) -> None:
    client = client_of(system, service)
    method, path, _ = WRITES[service]
    for headers in (
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        JSON | {"content-encoding": "gzip"},
    ):
        answer = await client.request(method, path, content=b"{}", headers=headers)
        assert_problem(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize("service", SERVICES)
async def test_another_host_and_another_site_are_refused(system: System, service: str) -> None:
    client = client_of(system, service)
    answer = await client.get("/healthz", headers={"host": "evil.example"})
    assert_problem(answer, 421, "misdirected-request")
    method, path, _ = WRITES[service]
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "origin": str(client.base_url).rstrip("/")},
    ):
        assert_problem(
            await client.request(method, path, headers=headers), 403, "cross-origin-request"
        )
        answer = await client.delete(path, headers=headers)
        assert_problem(answer, 403, "cross-origin-request")


@pytest.mark.parametrize("service", SERVICES)
async def test_head_is_answered_where_get_is(system: System, service: str) -> None:
    client = client_of(system, service)
    document = (await client.get("/openapi.json")).json()
    paths = [path for path, operations in document["paths"].items() if "get" in operations]
    # An id that leads nowhere does for the rest.
    paths = [path.replace("{", "a").replace("}", "") for path in paths]
    paths += ["/docs", "/redoc", "/openapi.json", "/docs/swagger-ui.css"]

    async def compare(path: str) -> tuple[str, int, int] | None:
        head = await client.head(path)
        assert head.content == b""
        async with client.stream("GET", path) as get:
            found = (path, head.status_code, get.status_code)
            same_type = head.headers["content-type"] == get.headers["content-type"]
            return None if same_type and found[1] == found[2] else found

    different = await asyncio.gather(*map(compare, paths))
    assert [found for found in different if found] == []


async def test_a_start_takes_any_trace_headers(system: System) -> None:
    """A sidecar refuses more than 4 KiB of headers: what goes on to it is bounded."""
    headers = {
        "traceparent": f"00-{0xABC:032x}-{0xDEF:016x}-01",
        "tracestate": ",".join(f"k{n}={'v' * 200}" for n in range(31)),
        "baggage": ",".join(f"k{n}={'v' * 100}" for n in range(75)),
    }
    task: dict[str, Any] = {"task_id": unique(), "title": "T", "assignee": somebody()}
    answer = await system.orchestrator.post("/tasks/process", json=task, headers=headers)
    assert answer.status_code == 202, answer.text
    ended = await system.finished(answer.json()["instance_id"])
    assert ended["output"]["status"] == "completed"


async def test_a_large_body_leaves_a_small_problem(system: System) -> None:
    body = json.dumps({f"k{n}": 0 for n in range(5_300)}).encode()
    assert len(body) > 60_000
    for method, path in (
        ("POST", "/tasks/process"),
        ("PUT", "/schedules/unused"),
        ("POST", "/instances/task-1/rerun"),
        ("POST", "/purchase-orders"),
    ):
        answer = await system.orchestrator.request(method, path, content=body, headers=JSON)
        assert_problem(answer, 422, "validation")
    answer = await system.orchestrator.get("/" + "x" * 30_000)
    assert_problem(answer, 404, "not-found")
