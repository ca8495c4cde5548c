"""The body limit, by Content-Length and for streamed bodies."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.types import Message, Receive, Scope, Send

from contracts.problems import MEDIA_TYPE, ProblemType
from servicekit.limits import BodyLimit
from servicekit.problems import install_problem_handlers

LIMIT = 10


class Application:
    """Returns the size of each body, and counts the requests that it gets to see."""

    def __init__(self) -> None:
        self.requests = 0
        self.bodies: list[bytes] = []
        self.app = FastAPI()
        install_problem_handlers(self.app)
        self.app.add_middleware(BodyLimit, max_bytes=LIMIT)

        @self.app.post("/")
        async def read(request: Request) -> int:
            self.requests += 1
            self.bodies.append(await request.body())
            return len(self.bodies[-1])


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
async def client(application: Application) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


async def chunks(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield b"x" * size


async def test_a_body_of_exactly_the_limit_passes(client: httpx.AsyncClient) -> None:
    assert (await client.post("/", content=b"x" * LIMIT)).json() == LIMIT
    assert (await client.post("/", content=chunks(4, 6))).json() == LIMIT
    assert (await client.post("/")).json() == 0


async def test_a_declared_body_over_the_limit_never_reaches_the_application(
    client: httpx.AsyncClient, application: Application
) -> None:
    answer = await client.post("/", content=b"x" * (LIMIT + 1))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["type"] == ProblemType.PAYLOAD_TOO_LARGE
    assert answer.json()["detail"] == "The request body exceeds 10 bytes"
    assert application.requests == 0


@pytest.mark.parametrize("sizes", [(11,), (5, 5, 1), (10, 1, 100)])
async def test_a_streamed_body_over_the_limit_is_rejected_while_it_is_read(
    client: httpx.AsyncClient, application: Application, sizes: tuple[int, ...]
) -> None:
    answer = await client.post("/", content=chunks(*sizes))
    assert answer.status_code == 413
    assert answer.json()["type"] == ProblemType.PAYLOAD_TOO_LARGE
    assert application.bodies == []


async def test_a_body_that_is_longer_than_declared_is_rejected(client: httpx.AsyncClient) -> None:
    answer = await client.post("/", content=chunks(8, 8), headers={"content-length": "8"})
    assert answer.status_code == 413


async def test_the_limit_is_per_request(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        assert (await client.post("/", content=chunks(4, 4))).json() == 8


async def test_only_http_requests_are_limited() -> None:
    seen: list[str] = []

    async def application(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope["type"])

    async def receive() -> Message:
        return {"type": "websocket.receive", "bytes": b"x" * 100}

    async def send(_: Message) -> None:
        raise AssertionError("nothing is answered")

    limited = BodyLimit(application, max_bytes=LIMIT)
    for kind in ("lifespan", "websocket"):
        await limited({"type": kind, "headers": [(b"content-length", b"100")]}, receive, send)
    assert seen == ["lifespan", "websocket"]
