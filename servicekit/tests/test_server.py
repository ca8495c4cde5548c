"""A server drains on SIGTERM: not ready first, then no new connections, then the end."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

import httpx
import pytest
import uvicorn
from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from servicekit.app import build_app
from servicekit.readiness import Readiness
from servicekit.server import DrainingServer
from servicekit.settings import ServiceSettings
from servicekit.startup import opened
from support.system import eventually


class Opened:
    """What the routes use."""

    def __init__(self) -> None:
        self.request_began = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.draining = asyncio.Event()
        self.closed = False

    def close(self) -> None:
        self.closed = True


OpenedDep = Annotated[Opened, Depends(opened(Opened))]
router = APIRouter()


@router.get("/wait")
async def wait(service: OpenedDep) -> str:
    service.request_began.set()
    await service.may_answer.wait()
    assert not service.closed
    return "waited"


@router.get("/stream")
async def stream(service: OpenedDep) -> StreamingResponse:
    async def events() -> AsyncIterator[str]:
        yield "first\n"
        await service.draining.wait()
        yield "last\n"

    return StreamingResponse(events())


@dataclass
class Running:
    """A server in this process, and a client of it."""

    opened: Opened
    client: httpx.AsyncClient
    serving: asyncio.Task[None]

    async def ended(self) -> None:
        """Return once the server has ended."""
        await asyncio.wait_for(asyncio.shield(self.serving), 20)

    async def not_ready(self) -> None:
        """Return once the server says that it is not ready, and why."""

        async def look() -> str | None:
            answer = await self.client.get("/readyz")
            return None if answer.is_success else answer.json()["detail"]

        assert await eventually(look, "it to be not ready") == "the service is draining"


@pytest.fixture(autouse=True)
def signals() -> Iterator[list[int]]:
    """Record the SIGTERM that the server passes on at its end, which would end the tests."""
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    yield received
    signal.signal(signal.SIGTERM, before)


def terminate() -> None:
    signal.raise_signal(signal.SIGTERM)


@asynccontextmanager
async def running(drain_seconds: float, shutdown_seconds: int = 10) -> AsyncIterator[Running]:
    service = Opened()

    async def open_(stack: AsyncExitStack, _: ServiceSettings, readiness: Readiness) -> Opened:
        readiness.on_draining(service.draining.set)
        stack.callback(service.close)
        return service

    app = build_app(
        title="T",
        description="",
        tags=[],
        settings=ServiceSettings(),
        open_=open_,
        routers=[router],
    )
    config = uvicorn.Config(
        app, port=0, log_config=None, timeout_graceful_shutdown=shutdown_seconds
    )
    server = DrainingServer(config, app.state.readiness, drain_seconds)
    serving = asyncio.create_task(server.serve())

    async def port() -> int | None:
        return server.servers[0].sockets[0].getsockname()[1] if server.started else None

    try:
        url = f"http://127.0.0.1:{await eventually(port, 'the server to listen')}"
        async with httpx.AsyncClient(base_url=url, timeout=20) as client:

            async def ready() -> bool | None:
                return (await client.get("/readyz")).is_success or None

            await eventually(ready, "the service to be ready")
            yield Running(service, client, serving)
    finally:
        server.should_exit = server.force_exit = True
        await serving


async def test_while_it_drains_it_is_not_ready_and_answers_new_connections(
    signals: list[int],
) -> None:
    async with running(drain_seconds=1) as service:
        begun = time.monotonic()
        terminate()
        await service.not_ready()
        assert (await service.client.get("/healthz")).status_code == 200
        # A load balancer that has not seen the endpoint leave opens new connections.
        async with httpx.AsyncClient(base_url=service.client.base_url) as other:
            assert (await other.get("/healthz")).status_code == 200
        assert not service.serving.done()
        await service.ended()
        assert time.monotonic() - begun >= 1
        with pytest.raises(httpx.ConnectError):
            await service.client.get("/healthz")
    # The process ends by the signal, once all is closed.
    assert signals == [signal.SIGTERM]


async def test_a_second_signal_skips_the_rest_of_the_drain() -> None:
    async with running(drain_seconds=300) as service:
        terminate()
        await service.not_ready()
        terminate()
        await service.ended()


async def test_two_signals_at_once_skip_the_drain_too() -> None:
    async with running(drain_seconds=300) as service:
        terminate()
        terminate()
        await service.ended()


async def test_without_a_drain_it_ends_at_once() -> None:
    async with running(drain_seconds=0) as service:
        terminate()
        await service.ended()


async def test_a_request_in_flight_is_answered_before_anything_is_closed() -> None:
    async with running(drain_seconds=0) as service:
        request = asyncio.create_task(service.client.get("/wait"))
        await service.opened.request_began.wait()
        terminate()
        await service.opened.draining.wait()
        assert not service.opened.closed
        service.opened.may_answer.set()
        assert (await request).json() == "waited"
        await service.ended()
        assert service.opened.closed


async def test_a_request_that_exceeds_the_shutdown_time_is_to_be_tried_again() -> None:
    async with running(drain_seconds=0, shutdown_seconds=1) as service:
        request = asyncio.create_task(service.client.get("/wait"))
        await service.opened.request_began.wait()
        terminate()
        await service.ended()
        answer = await request
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert "a retry is safe" in answer.json()["detail"]


async def test_a_stream_ends_when_the_drain_begins() -> None:
    async with running(drain_seconds=300) as service, service.client.stream("GET", "/stream") as s:
        lines = s.aiter_lines()
        assert await anext(lines) == "first"
        terminate()
        assert [line async for line in lines] == ["last"]
        assert not service.serving.done()
