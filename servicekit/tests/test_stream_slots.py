"""Streams beyond the bound are answered 503, and a slot is free again once its stream has ended."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import Depends, FastAPI
from fastapi.sse import EventSourceResponse, ServerSentEvent

from contracts.problems import ProblemType
from servicekit.problems import ProblemError, install_problem_handlers
from servicekit.stream_slots import StreamSlots


def test_a_slot_that_is_taken_is_free_again_at_its_end() -> None:
    slots = StreamSlots(1)
    for _ in range(3):
        with slots.slot():
            with pytest.raises(ProblemError) as problem, slots.slot():
                pass
            assert problem.value.type is ProblemType.UNAVAILABLE
            assert problem.value.retry_after == 5
    assert slots.taken == 0


async def test_a_stream_keeps_its_slot_until_it_has_ended() -> None:
    slots, began, may_end, app = StreamSlots(1), asyncio.Event(), asyncio.Event(), FastAPI()
    install_problem_handlers(app)

    async def slot() -> AsyncIterator[None]:
        with slots.slot():
            yield

    @app.get("/stream", response_class=EventSourceResponse, dependencies=[Depends(slot)])
    async def stream() -> AsyncIterator[ServerSentEvent]:
        began.set()
        await may_end.wait()
        yield ServerSentEvent(data=slots.taken)

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        first = asyncio.create_task(client.get("/stream"))
        await asyncio.wait_for(began.wait(), timeout=5)
        refused = await client.get("/stream")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        may_end.set()
        assert "data: 1\n" in (await first).text
        assert (await client.get("/stream")).status_code == 200
    assert slots.taken == 0
