"""A healthy sidecar that accepts no worker is shut down, and no other."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import httpx
import pytest

from orchestrator.dapr_sdk.sidecar_watchdog import sidecar_watchdog
from servicekit.background import Backoff, Supervisor
from servicekit.readiness import Readiness
from servicekit.sidecar import Sidecar

SUPERVISOR = Supervisor(Readiness())


@dataclass
class FakeSidecar:
    """Answers as a sidecar does, and records a shutdown."""

    healthy: bool = True
    workers: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    checks: int = 0
    many: int = 100
    """Ten times as many checks as a shutdown takes."""
    checked: asyncio.Event = field(default_factory=asyncio.Event)
    checked_often: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/v1.0/healthz/outbound":
                self.checks += 1
                if self.checks == self.many:
                    self.checked_often.set()
                return httpx.Response(204 if self.healthy else 500)
            case "/v1.0/metadata":
                self.checked.set()
                workers = {"connectedWorkers": self.workers} if self.workers else {}
                return httpx.Response(200, json={"workflows": workers})
            case "/v1.0/shutdown":
                self.ended.set()
                return httpx.Response(204)
        return httpx.Response(404)


def watch(fake: FakeSidecar) -> AbstractAsyncContextManager[None]:
    http = httpx.AsyncClient(transport=httpx.MockTransport(fake), base_url="http://sidecar")
    return sidecar_watchdog(Sidecar(http), SUPERVISOR, first_grace=0.05, grace=0.05, interval=0.005)


async def test_a_sidecar_without_workers_is_shut_down() -> None:
    fake = FakeSidecar()
    async with watch(fake):
        await asyncio.wait_for(fake.ended.wait(), timeout=5)


@pytest.mark.parametrize("fake", [FakeSidecar(workers=1), FakeSidecar(healthy=False)])
async def test_a_sidecar_with_a_worker_or_that_is_down_is_not_shut_down(fake: FakeSidecar) -> None:
    async with watch(fake):
        await asyncio.wait_for(fake.checked_often.wait(), timeout=10)
    assert not fake.ended.is_set()


async def test_a_sidecar_that_had_a_worker_has_a_grace_period() -> None:
    fake = FakeSidecar(workers=1, many=2)
    http = httpx.AsyncClient(transport=httpx.MockTransport(fake), base_url="http://sidecar")
    watching = sidecar_watchdog(
        Sidecar(http), SUPERVISOR, first_grace=0.1, grace=60.0, interval=1.0
    )
    async with watching:
        # Before the second check, which would come too late.
        await asyncio.wait_for(fake.checked.wait(), timeout=0.9)
        fake.workers = 0
        await asyncio.wait_for(fake.checked_often.wait(), timeout=10)
    assert not fake.ended.is_set()


async def test_a_watch_goes_on_where_a_check_fails_unexpectedly() -> None:
    fake, failures = FakeSidecar(workers=1, many=3), iter([RuntimeError("unexpected")])

    async def answer(request: httpx.Request) -> httpx.Response:
        for failure in failures:
            raise failure
        return await fake(request)

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://sidecar")
    supervisor = Supervisor(Readiness(), Backoff(first_seconds=0.001))
    async with sidecar_watchdog(Sidecar(http), supervisor, interval=0.005):
        await asyncio.wait_for(fake.checked_often.wait(), timeout=10)


@pytest.mark.parametrize(
    ("fake", "connected"),
    [
        (FakeSidecar(workers=1), 1),
        (FakeSidecar(workers=0), 0),
        (FakeSidecar(workers=1, healthy=False), 0),
    ],
)
async def test_whether_a_worker_is_connected_is_measured(
    fake: FakeSidecar, connected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: asyncio.Queue[int] = asyncio.Queue()

    class Gauge:
        set = staticmethod(measured.put_nowait)

    monkeypatch.setattr("orchestrator.dapr_sdk.sidecar_watchdog.WORKER_CONNECTED", Gauge)
    async with watch(fake):
        assert await asyncio.wait_for(measured.get(), timeout=10) == connected
