"""A repeat of each request that changes something is answered as the first request was."""

import asyncio
from typing import Any

import httpx

from support.repeats import Sent, prepared, routes
from support.system import System, unique


async def answered(
    system: System, route: str, sent: Sent, key: str | None = None
) -> httpx.Response:
    return await system.orchestrator.request(
        route.split()[0],
        sent.path,
        json=sent.body,
        params=sent.params,
        headers={} if key is None else {"Idempotency-Key": key},
    )


def assert_same(again: httpx.Response, first: httpx.Response) -> None:
    """Check that an answer says what the first one did; where something was new, it is not now."""
    assert again.status_code in (first.status_code, 200), again.text
    if first.is_success:
        assert again.content == first.content
    else:
        # Each request has a trace of its own.
        assert without_trace(again) == without_trace(first)
    assert again.headers.get("Location") == first.headers.get("Location")


def without_trace(problem: httpx.Response) -> dict[str, Any]:
    return {name: value for name, value in problem.json().items() if name != "trace_id"}


async def repeat(system: System, route: str) -> None:
    sent, key = await prepared(system, route), unique("key")
    first = await answered(system, route, sent, key)
    assert first.status_code == sent.refused or (first.is_success and not sent.refused), first.text
    again = await answered(system, route, sent, key)
    assert_same(again, first)
    assert again.status_code == first.status_code
    assert again.headers["Idempotency-Replayed"] == "true"
    if not sent.needs_key:
        assert_same(await answered(system, route, sent), first)
    if sent.ends is not None:
        assert (await system.finished(sent.ends))["status"] == "COMPLETED"
        assert_same(await answered(system, route, sent), first)


async def test_a_repeat_is_answered_as_the_first_request_by_every_route(system: System) -> None:
    every = sorted(await routes(system))
    ended = await asyncio.gather(
        *(repeat(system, route) for route in every), return_exceptions=True
    )
    failed = {route: error for route, error in zip(every, ended, strict=True) if error is not None}
    assert failed == {}


async def test_a_key_is_for_one_request(system: System) -> None:
    headers = {"Idempotency-Key": unique("key")}
    first = await system.orchestrator.post("/start/ada", headers=headers)
    other = await system.orchestrator.post("/start/bo", headers=headers)
    assert (other.status_code, other.json()["type"]) == (
        422,
        "urn:taskway:problem:idempotency-key-reused",
    )
    again = await system.orchestrator.post("/start/ada", headers=headers)
    assert (again.status_code, again.json()) == (202, first.json())
    wrong = await system.orchestrator.post("/start/ada", headers={"Idempotency-Key": "a b"})
    assert wrong.status_code == 400
    quoted = {"Idempotency-Key": f'"{unique("key").ljust(200, "-")}"'}
    for _ in range(2):
        assert (await system.orchestrator.post("/start/ada", headers=quoted)).status_code == 202
