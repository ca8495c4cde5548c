"""A repeated request with an Idempotency-Key is answered as the first was, and handled once."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from contracts.problems import ProblemType
from servicekit.idempotency import MAX_KEPT_BYTES, IdempotencyKeys
from servicekit.idempotent_requests import IdempotentRequests
from servicekit.problems import ProblemError, install_problem_handlers
from servicekit.testing import MemoryStateStore

START = datetime(2026, 1, 1, tzinfo=UTC)


class World:
    """An application that counts what it handles, in two processes over one store."""

    def __init__(self) -> None:
        self.store, self.now = MemoryStateStore(), START
        self.handled: list[bytes] = []
        self.status = 201
        self.body = b"{}"
        self.failure: BaseException | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()
        self.clients = [self._client(self._process()) for _ in range(2)]

    def _process(self) -> FastAPI:
        app = FastAPI()
        install_problem_handlers(app)
        keys = IdempotencyKeys(
            self.store, timedelta(hours=1), timedelta(seconds=30), lambda: self.now
        )
        app.add_middleware(IdempotentRequests, keys=lambda: keys)

        @app.post("/posted")
        async def posted() -> None:
            return None

        @app.api_route("/things/{name}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
        async def handle(request: Request, name: str) -> Response:
            body = await request.body()
            self.entered.set()
            await self.gate.wait()
            self.handled.append(body)
            if self.failure is not None:
                raise self.failure
            number = str(len(self.handled))
            headers = {"Location": f"/things/{number}", "X-Other": number}
            return Response(self.body + number.encode(), self.status, headers)

        return app

    @staticmethod
    def _client(app: FastAPI) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://api")

    async def send(
        self,
        key: str | None = "k",
        *,
        method: str = "POST",
        path: str = "/things/a",
        process: int = 0,
        **more: Any,
    ) -> httpx.Response:
        headers = more.pop("headers", {}) | ({} if key is None else {"Idempotency-Key": key})
        return await self.clients[process].request(method, path, headers=headers, **more)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    for client in world.clients:
        await client.aclose()


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


REUSED = (422, ProblemType.IDEMPOTENCY_KEY_REUSED)
IN_PROGRESS = (409, ProblemType.REQUEST_IN_PROGRESS)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [200, 202, 204, 404, 409, 422])
async def test_a_repeat_has_the_first_answer(world: World, method: str, status: int) -> None:
    world.status = status
    first = await world.send(method=method, content=b"x")
    for process in (0, 1):
        again = await world.send(method=method, content=b"x", process=process)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["Location"] == first.headers["Location"]
        assert again.headers["Idempotency-Replayed"] == "true"
        assert "X-Other" not in again.headers
    assert world.handled == [b"x"]
    assert "Idempotency-Replayed" not in first.headers


@pytest.mark.parametrize(
    ("method", "path", "status"), [("PUT", "/posted", 405), ("POST", "/nothing", 404)]
)
async def test_what_no_route_handles_is_refused_whatever_key(
    world: World, method: str, path: str, status: int
) -> None:
    await world.send(content=b"x")
    assert (await world.send(method=method, path=path)).status_code == status


async def test_without_a_key_and_by_a_safe_method_each_request_is_handled(world: World) -> None:
    for key, method in ((None, "POST"), ("k", "GET")):
        for _ in range(2):
            await world.send(key, method=method)
    assert len(world.handled) == 4
    assert world.store.data == {}


@pytest.mark.parametrize(
    "other",
    [
        {"content": b"y"},
        {"path": "/things/b", "content": b"x"},
        {"path": "/things/a?b=c", "content": b"x"},
        {"method": "PUT", "content": b"x"},
        {"content": b"x", "headers": {"authorization": "Bearer somebody-else"}},
    ],
    ids=["body", "path", "query", "method", "caller"],
)
async def test_another_request_with_the_same_key_is_refused(
    world: World, other: dict[str, Any]
) -> None:
    await world.send(content=b"x")
    assert problem(await world.send(**other)) == REUSED
    assert world.handled == [b"x"]


async def test_the_quotes_of_the_draft_are_no_part_of_the_key(world: World) -> None:
    await world.send('"k"')
    assert (await world.send("k")).headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", " ", '""', "x" * 201, "a b", "\x7f", "ü".encode()])
async def test_a_malformed_key_is_refused(world: World, key: str) -> None:
    assert problem(await world.send(key)) == (400, ProblemType.BAD_REQUEST)
    assert world.handled == []


@pytest.mark.parametrize("key", ["a||b", "x" * 200, "!~"])
async def test_any_visible_characters_are_a_key(world: World, key: str) -> None:
    first = await world.send(key)
    assert (await world.send(key)).content == first.content


async def test_of_concurrent_requests_one_is_handled(world: World) -> None:
    world.gate.clear()
    first = asyncio.create_task(world.send(content=b"x"))
    await world.entered.wait()
    for process, retry_after in ((0, "1"), (1, "30")):
        again = await world.send(content=b"x", process=process)
        assert problem(again) == IN_PROGRESS
        assert again.headers["Retry-After"] == retry_after
        assert problem(await world.send(content=b"y", process=process)) == REUSED
    world.gate.set()
    assert (await first).status_code == 201
    assert (await world.send(content=b"x", process=1)).content == (await first).content
    assert world.handled == [b"x"]


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_an_answer_that_says_try_again_is_not_kept(world: World, status: int) -> None:
    world.status = status
    assert (await world.send()).status_code == status
    world.status = 200
    assert (await world.send()).status_code == 200
    assert (await world.send()).headers["Idempotency-Replayed"] == "true"
    assert len(world.handled) == 2


@pytest.mark.parametrize(
    "failure", [ValueError("a bug"), ProblemError(ProblemType.UNAVAILABLE, "down")]
)
async def test_a_request_that_failed_is_handled_again(world: World, failure: Exception) -> None:
    world.failure = failure
    assert (await world.send()).status_code >= 500
    world.failure = None
    assert (await world.send()).status_code == 201


async def test_a_request_that_was_given_up_is_handled_again(world: World) -> None:
    world.gate.clear()
    first = asyncio.create_task(world.send())
    await world.entered.wait()
    first.cancel()
    await asyncio.wait([first])
    world.gate.set()
    assert (await world.send()).status_code == 201


async def test_a_key_of_a_process_that_died_is_taken_over_in_time(world: World) -> None:
    world.gate.clear()
    first = asyncio.create_task(world.send())
    await world.entered.wait()
    first.cancel()
    await asyncio.wait([first])
    world.gate.set()
    assert problem(await world.send(process=1)) == IN_PROGRESS
    world.now += timedelta(seconds=31)
    assert (await world.send(process=1)).status_code == 201
    assert (await world.send(process=0)).headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("crash", [0, 1])
@pytest.mark.parametrize("landed", [True, False])
async def test_a_store_that_fails_never_leaves_a_key_stuck(
    world: World, crash: int, landed: bool
) -> None:
    world.store.writes_until_crash, world.store.crash_lands = crash, landed
    first = await world.send()
    # Before it is handled nothing is done without the key; what was handled is answered.
    assert first.status_code == (503 if crash == 0 else 201)
    again = await world.send()
    assert again.status_code == 201
    assert len(world.handled) == (1 if crash == 0 or landed else 2)


async def test_an_answer_that_is_too_large_is_given_and_not_kept(world: World) -> None:
    world.body = bytes(range(256)) * 4
    for _ in range(2):
        assert len((await world.send()).content) > 1_000
    assert len(world.handled) == 1
    world.body = os.urandom(MAX_KEPT_BYTES)
    for _ in range(2):
        assert len((await world.send("other")).content) > MAX_KEPT_BYTES
    assert len(world.handled) == 3


async def test_a_key_expires(world: World) -> None:
    await world.send()
    world.store.pass_time(timedelta(hours=1))
    await world.send()
    assert len(world.handled) == 2
