"""What a service opens at its start: the sidecar, and the state store behind it."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from fake_sidecar import FakeSidecar
from pydantic import BaseModel

from servicekit.opening import lazy_state_store, open_sidecar, open_state_store
from servicekit.readiness import Readiness
from servicekit.settings import ServiceSettings
from support.system import eventually


class Value(BaseModel):
    text: str


async def test_readiness_depends_on_the_sidecar_once_it_is_open(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings
) -> None:
    readiness = Readiness()
    async with AsyncExitStack() as stack:
        await open_sidecar(stack, sidecar_settings, readiness)
        assert await readiness.reasons() == []
        sidecar.ready = False
        assert await readiness.reasons() == ["the sidecar is not ready"]


async def test_opening_waits_for_the_sidecar(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings
) -> None:
    sidecar.ready = False
    async with AsyncExitStack() as stack:
        opening = asyncio.create_task(open_sidecar(stack, sidecar_settings, Readiness()))
        await eventually(sidecar.seen_times(1), "the sidecar to be asked")
        assert not opening.done()
        sidecar.ready = True
        await asyncio.wait_for(opening, 10)


async def test_the_state_store_keeps_values_until_it_is_closed(
    sidecar_settings: ServiceSettings,
) -> None:
    async with AsyncExitStack() as stack:
        store = await open_state_store(stack, sidecar_settings)
        await store.put("k", Value(text="kept"), None)
        assert (await store.get("k", Value)).value == Value(text="kept")
    with pytest.raises(Exception, match="closed"):
        await store.get("k", Value)


def test_a_lazy_store_connects_on_the_event_loop_that_uses_it(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings
) -> None:
    store = lazy_state_store(sidecar_settings)
    assert sidecar.seen == []

    async def use() -> None:
        await store.put("k", Value(text="kept"), None)

    asyncio.run(use())
    assert sidecar.data["k"] == (b'{"text":"kept"}', 1)
