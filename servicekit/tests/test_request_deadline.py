"""A request that takes too long is answered 503; a stream may go on."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from structlog.testing import capture_logs

from contracts.problems import MEDIA_TYPE, ProblemType
from servicekit.request_deadline import RequestDeadline

cancelled: list[str] = []


def application(seconds: float) -> FastAPI:
    app = FastAPI()
    app.add_middleware(RequestDeadline, seconds=seconds)

    @app.get("/hang")
    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append("hang")

    @app.get("/quick")
    async def quick() -> str:
        return "quick"

    @app.get("/times-out")
    async def times_out() -> None:
        raise TimeoutError("of something else")

    @app.get("/events/{type_}/{subtype}")
    async def events(type_: str, subtype: str) -> StreamingResponse:
        return StreamingResponse(slow_parts(), media_type=f"{type_}/{subtype}")

    @app.get("/file")
    async def file() -> StreamingResponse:
        return StreamingResponse(slow_parts(), media_type="text/plain")

    return app


async def slow_parts() -> AsyncIterator[str]:
    yield "data: 1\n\n"
    await asyncio.sleep(0.3)
    yield "data: 2\n\n"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(seconds=0.1))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


async def test_a_late_request_is_cancelled_and_answered_503(client: httpx.AsyncClient) -> None:
    cancelled.clear()
    with capture_logs() as logs:
        answer = await client.get("/hang")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"] == ProblemType.UNAVAILABLE
    assert "longer than 0.1 s" in answer.json()["detail"]
    assert cancelled == ["hang"]
    assert [(line["event"], line["path"]) for line in logs] == [
        ("a request took too long", "/hang")
    ]


async def test_a_request_in_time_is_answered(client: httpx.AsyncClient) -> None:
    assert (await client.get("/quick")).json() == "quick"


async def test_a_timeout_of_something_else_is_no_late_request(client: httpx.AsyncClient) -> None:
    with pytest.raises(TimeoutError, match="of something else"):
        await client.get("/times-out")


@pytest.mark.parametrize("media_type", ["text/event-stream", "application/x-ndjson"])
async def test_a_stream_that_has_begun_has_no_deadline(
    client: httpx.AsyncClient, media_type: str
) -> None:
    answer = await client.get(f"/events/{media_type}")
    assert answer.text == "data: 1\n\ndata: 2\n\n"


async def test_an_answer_that_is_not_whole_in_time_ends_with_an_error(
    client: httpx.AsyncClient,
) -> None:
    with pytest.raises(TimeoutError):
        await client.get("/file")
