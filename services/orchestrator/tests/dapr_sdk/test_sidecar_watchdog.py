"""A sidecar that takes no worker is ended; any other is left alone."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import httpx
import pytest

from orchestrator.dapr_sdk.sidecar_watchdog import sidecar_watchdog
from servicekit.sidecar import Sidecar


@dataclass
class FakeSidecar:
    """Answers as a sidecar does, and counts who asks it to end."""

    healthy: bool = True
    workers: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    looks: int = 0
    many: int = 100
    """Ten times as many looks as it takes to end a wedged one."""
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    looked_often: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/v1.0/healthz/outbound":
                self.looks += 1
                if self.looks == self.many:
                    self.looked_often.set()
                return httpx.Response(204 if self.healthy else 500)
            case "/v1.0/metadata":
                self.looked.set()
                workers = {"connectedWorkers": self.workers} if self.workers else {}
                return httpx.Response(200, json={"workflows": workers})
            case "/v1.0/shutdown":
                self.ended.set()
                return httpx.Response(204)
        return httpx.Response(404)


def watch(fake: FakeSidecar) -> AbstractAsyncContextManager[None]:
    http = httpx.AsyncClient(transport=httpx.MockTransport(fake), base_url="http://sidecar")
    return sidecar_watchdog(Sidecar(http), first_grace=0.05, grace=0.05, interval=0.005)


async def test_a_sidecar_without_workers_is_ended() -> None:
    fake = FakeSidecar()
    async with watch(fake):
        await asyncio.wait_for(fake.ended.wait(), timeout=5)


@pytest.mark.parametrize("fake", [FakeSidecar(workers=1), FakeSidecar(healthy=False)])
async def test_one_that_works_or_is_down_is_left_alone(fake: FakeSidecar) -> None:
    async with watch(fake):
        await asyncio.wait_for(fake.looked_often.wait(), timeout=10)
    assert not fake.ended.is_set()


async def test_one_that_had_a_worker_at_first_has_time_to_get_it_back() -> None:
    fake = FakeSidecar(workers=1, many=2)
    http = httpx.AsyncClient(transport=httpx.MockTransport(fake), base_url="http://sidecar")
    watching = sidecar_watchdog(Sidecar(http), first_grace=0.1, grace=60.0, interval=1.0)
    async with watching:
        # Before the second check, which would come too late.
        await asyncio.wait_for(fake.looked.wait(), timeout=0.9)
        fake.workers = 0
        await asyncio.wait_for(fake.looked_often.wait(), timeout=10)
    assert not fake.ended.is_set()
