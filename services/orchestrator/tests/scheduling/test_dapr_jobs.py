"""Jobs and the server that receives them, over a real connection."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import grpc
import pytest
from dapr.proto.runtime.v1.appcallback_pb2 import JobEventRequest, JobEventResponse
from dapr.proto.runtime.v1.appcallback_pb2_grpc import (
    AppCallbackAlphaStub,
    add_AppCallbackAlphaServicer_to_server,
)
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.wrappers_pb2 import StringValue
from grpc.aio import AioRpcError

from contracts.problems import ProblemType
from orchestrator.scheduling.callback_server import callback_server
from orchestrator.scheduling.dapr_jobs import PREFIX, DaprJobs, JobEvents
from orchestrator.settings import Settings
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

DUE = datetime(2026, 1, 1, 9, tzinfo=UTC)


@asynccontextmanager
async def calling(address: str) -> AsyncIterator[Any]:
    """Yield a client as the sidecar is."""
    # A pool of its own, or a port that was just closed is not connected to again for a second.
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        yield AppCallbackAlphaStub(channel)  # type: ignore[no-untyped-call]


@asynccontextmanager
async def serving(events: JobEvents) -> AsyncIterator[Any]:
    """Serve `events` on a free port, and yield a client of it."""
    server = grpc.aio.server()
    add_AppCallbackAlphaServicer_to_server(events, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with calling(f"127.0.0.1:{port}") as sidecar:
            yield sidecar
    finally:
        await server.stop(grace=None)


def job(schedule_id: str = "plants", due: datetime = DUE) -> JobEventRequest:
    data = AnyMessage()
    data.Pack(StringValue(value=due.isoformat()))
    return JobEventRequest(name=f"{PREFIX}{schedule_id}", data=data)


async def refusal(sidecar: Any, request: JobEventRequest) -> AioRpcError:
    with pytest.raises(AioRpcError) as error:
        await sidecar.OnJobEventAlpha1(request)
    return error.value


class Fired:
    """Records what was fired, and fails on demand."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[tuple[str, datetime]] = []
        self.error = error

    async def __call__(self, schedule_id: str, due: datetime) -> None:
        if self.error is not None:
            raise self.error
        self.calls.append((schedule_id, due))


async def test_a_job_is_refused_while_the_application_starts() -> None:
    events, fired = JobEvents(), Fired()
    async with serving(events) as sidecar:
        error = await refusal(sidecar, job())
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        events.fire = fired
        assert await sidecar.OnJobEventAlpha1(job()) == JobEventResponse()
    assert fired.calls == [("plants", DUE)]


@pytest.mark.parametrize("schedule_id", ["plants", "schedule-plants", "a.b-c_1"])
@pytest.mark.parametrize(
    "due",
    [
        DUE,
        DUE + timedelta(microseconds=1),
        DUE.astimezone(timezone(timedelta(hours=-7))),
    ],
)
async def test_a_job_fires_its_schedule_and_time(schedule_id: str, due: datetime) -> None:
    events, fired = JobEvents(), Fired()
    events.fire = fired
    async with serving(events) as sidecar:
        await sidecar.OnJobEventAlpha1(job(schedule_id, due))
    assert fired.calls == [(schedule_id, due)]


@pytest.mark.parametrize(
    "failure", [ProblemError(ProblemType.UNAVAILABLE, "it is down"), StoreUnavailable("it is down")]
)
async def test_a_job_that_fails_is_refused_so_that_it_is_retried(failure: Exception) -> None:
    events, fired = JobEvents(), Fired(failure)
    events.fire = fired
    async with serving(events) as sidecar:
        error = await refusal(sidecar, job())
        assert (error.code(), error.details()) == (grpc.StatusCode.UNAVAILABLE, "it is down")
        fired.error = None
        await sidecar.OnJobEventAlpha1(job())
    assert fired.calls == [("plants", DUE)]


async def test_jobs_run_concurrently() -> None:
    events, fired, go_on = JobEvents(), Fired(), asyncio.Event()

    async def fire(schedule_id: str, due: datetime) -> None:
        if schedule_id == "slow":
            await go_on.wait()
        await fired(schedule_id, due)

    events.fire = fire
    async with serving(events) as sidecar:
        slow = asyncio.ensure_future(sidecar.OnJobEventAlpha1(job("slow")))
        await sidecar.OnJobEventAlpha1(job("quick"))
        go_on.set()
        await slow
    assert [name for name, _ in fired.calls] == ["quick", "slow"]


async def test_an_armed_job_fires_with_its_schedule_and_time() -> None:
    """The job that Dapr's scheduler triggers is the one that was scheduled."""
    events, fired, sent = JobEvents(), Fired(), []
    events.fire = fired

    class Client:
        async def schedule_job(self, job: Any, overwrite: bool) -> None:
            assert overwrite
            assert datetime.fromisoformat(job.due_time) == DUE
            sent.append(JobEventRequest(name=job.name, data=job.data))

    await DaprJobs(Client()).arm("plants", DUE)  # type: ignore[arg-type]
    async with serving(events) as sidecar:
        await sidecar.OnJobEventAlpha1(sent.pop())
    assert fired.calls == [("plants", DUE)]


@pytest.fixture
def settings() -> Settings:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Settings(actor_port=probe.getsockname()[1])


async def test_the_server_listens_as_long_as_its_context(settings: Settings) -> None:
    events, fired = JobEvents(), Fired()
    events.fire = fired
    address = f"127.0.0.1:{settings.actor_port}"
    for _ in range(2):
        async with callback_server(settings, events), calling(address) as sidecar:
            await sidecar.OnJobEventAlpha1(job())
        async with calling(address) as sidecar:
            error = await refusal(sidecar, job())
            assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert len(fired.calls) == 2


async def test_the_server_serves_jobs_only(settings: Settings) -> None:
    address = f"127.0.0.1:{settings.actor_port}"
    async with callback_server(settings, JobEvents()), calling(address) as sidecar:
        with pytest.raises(AioRpcError) as error:
            await sidecar.OnBulkTopicEventAlpha1(b"")
        assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_the_server_does_not_share_its_port(settings: Settings) -> None:
    """Else a job could go to either of two applications on one machine."""
    async with callback_server(settings, JobEvents()):
        with pytest.raises(RuntimeError, match=str(settings.actor_port)):
            async with callback_server(settings, JobEvents()):
                pytest.fail("it listens on the port of another")
