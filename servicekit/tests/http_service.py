"""A service with a few routes, for the tests of what HTTP asks of every service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

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


@router.get("/listed")
async def listed(
    ids: Annotated[list[str], Query(max_length=5)],
    kinds: Annotated[list[str] | None, Query()] = None,
    limit: int | None = None,
) -> list[str]:
    return ids + (kinds or [])


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


def assert_problem(answer: httpx.Response, status: int, type_: ProblemType) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["type"] == type_
    assert len(answer.content) < 4096
