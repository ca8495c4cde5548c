"""What every service answers: problems, probes and tokens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel

from contracts.problems import MEDIA_TYPE, ProblemType
from servicekit.app import build_app
from servicekit.readiness import Readiness
from servicekit.settings import ServiceSettings
from servicekit.startup import opened
from servicekit.state import StoreUnavailable


class Thing(BaseModel):
    name: str


router = APIRouter()


@router.put("/things")
async def put_thing(thing: Thing, suffix: Annotated[str, Depends(opened(str))]) -> Thing:
    return Thing(name=thing.name + suffix)


@router.get("/bug")
async def bug() -> Thing:
    raise RuntimeError("secret detail")


@router.get("/store-down")
async def store_down() -> Thing:
    raise StoreUnavailable("down")


def app_with(settings: ServiceSettings, gate: asyncio.Event | None = None) -> FastAPI:
    async def open_(_: AsyncExitStack, __: ServiceSettings, ___: Readiness) -> str:
        if gate is not None:
            await gate.wait()
        return "!"

    return build_app(
        title="T", description="", tags=[], settings=settings, open_=open_, routers=[router]
    )


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        await asyncio.sleep(0)
        yield client


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with running(app_with(ServiceSettings(max_body_bytes=1024))) as client:
        yield client


def assert_problem(answer: httpx.Response, status: int, type_: ProblemType) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["type"] == type_


async def test_a_valid_request_is_answered(client: httpx.AsyncClient) -> None:
    assert (await client.put("/things", json={"name": "a"})).json() == {"name": "a!"}


async def test_an_invalid_field_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.put("/things", json={"name": 1})
    assert_problem(answer, 422, ProblemType.VALIDATION)
    assert answer.json()["errors"][0]["field"] == "body.name"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff"])
async def test_a_malformed_body_is_a_problem(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.put(
        "/things", content=content, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == MEDIA_TYPE


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_body_over_the_limit_is_413(client: httpx.AsyncClient, streamed: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    answer = await client.put("/things", content=chunks() if streamed else b"x" * 2000)
    assert_problem(answer, 413, ProblemType.PAYLOAD_TOO_LARGE)


async def test_an_unknown_path_is_404_and_a_wrong_method_405(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/nowhere"), 404, ProblemType.NOT_FOUND)
    answer = await client.delete("/things")
    assert_problem(answer, 405, ProblemType.METHOD_NOT_ALLOWED)
    assert answer.headers["allow"] == "PUT"


async def test_an_unhandled_exception_is_500_without_its_text(client: httpx.AsyncClient) -> None:
    answer = await client.get("/bug")
    assert_problem(answer, 500, ProblemType.INTERNAL)
    assert "secret" not in answer.text


async def test_an_unavailable_store_is_503_with_retry_after(client: httpx.AsyncClient) -> None:
    answer = await client.get("/store-down")
    assert_problem(answer, 503, ProblemType.UNAVAILABLE)
    assert answer.headers["retry-after"] == "1"


async def test_a_service_is_alive_first_and_ready_once_open() -> None:
    gate = asyncio.Event()
    async with running(app_with(ServiceSettings(), gate)) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert_problem(await client.get("/readyz"), 503, ProblemType.UNAVAILABLE)
        answer = await client.put("/things", json={"name": "a"})
        assert_problem(answer, 503, ProblemType.UNAVAILABLE)
        gate.set()
        await asyncio.sleep(0.01)
        assert (await client.get("/readyz")).json() == {"status": "ready"}


async def test_a_warning_is_part_of_the_answer_to_a_probe() -> None:
    app = app_with(ServiceSettings())

    async def no_worker() -> str | None:
        return "no worker"

    app.state.readiness.add_warning(no_worker)
    async with running(app) as client:
        await asyncio.sleep(0.01)
        assert (await client.get("/readyz")).json() == {
            "status": "ready",
            "warnings": ["no worker"],
        }
        assert (await client.get("/healthz")).json() == {"status": "alive"}


async def test_a_draining_service_is_alive_and_not_ready() -> None:
    app = app_with(ServiceSettings())
    async with running(app) as client:
        ended: list[str] = []
        app.state.readiness.on_draining(lambda: ended.append("a stream"))
        app.state.readiness.drain()
        assert ended == ["a stream"]
        assert (await client.get("/healthz")).status_code == 200
        assert_problem(await client.get("/readyz"), 503, ProblemType.UNAVAILABLE)


async def test_a_configured_token_is_required() -> None:
    async with running(app_with(ServiceSettings(app_api_token="right"))) as client:
        body = {"name": "a"}
        for headers in ({}, {"dapr-api-token": "wrong"}):
            answer = await client.put("/things", json=body, headers=headers)
            assert_problem(answer, 401, ProblemType.UNAUTHORIZED)
        answer = await client.put("/things", json=body, headers={"dapr-api-token": "right"})
        assert answer.status_code == 200
        assert (await client.get("/healthz")).status_code == 200
