"""Jobs and the server that receives them, over a real connection."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import grpc
import pytest
from dapr.clients import ConstantFailurePolicy, Job
from dapr.clients.exceptions import DaprGrpcError
from dapr.proto.runtime.v1.appcallback_pb2 import JobEventRequest, JobEventResponse
from dapr.proto.runtime.v1.appcallback_pb2_grpc import (
    AppCallbackAlphaStub,
    add_AppCallbackAlphaServicer_to_server,
)
from dapr.proto.runtime.v1.jobs_pb2 import Job as DaprJob
from dapr.proto.runtime.v1.jobs_pb2 import ListJobsResponse
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.wrappers_pb2 import StringValue
from grpc.aio import AioRpcError, Metadata

from contracts.problems import ProblemType
from orchestrator.scheduling.callback_server import callback_server
from orchestrator.scheduling.dapr_jobs import PREFIX, ArmedJob, DaprJobs, JobEvents, job_name
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


@pytest.mark.parametrize("schedule_id", ["plants", "schedule-plants", "a-b-c_1"])
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


def text(value: str) -> AnyMessage:
    data = AnyMessage()
    data.Pack(StringValue(value=value))
    return data


@pytest.mark.parametrize("data", [AnyMessage(), text("soon"), text("2026-01-01T09:00:00")])
async def test_a_job_of_another_kind_is_accepted_so_that_it_does_not_come_again(
    data: AnyMessage,
) -> None:
    events, fired = JobEvents(), Fired()
    events.fire = fired
    async with serving(events) as sidecar:
        await sidecar.OnJobEventAlpha1(JobEventRequest(name=f"{PREFIX}plants", data=data))
    assert fired.calls == []


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


class FakeScheduler:
    """The sidecar's client and its list of jobs; it refuses what a test sets."""

    def __init__(self, status: grpc.StatusCode | None = None, api_token: str | None = None) -> None:
        self.api_token = api_token
        self.jobs: dict[str, AnyMessage] = {}
        self.status = status

    async def schedule_job(self, job: Job, overwrite: bool) -> None:
        assert not overwrite
        assert datetime.fromisoformat(job.due_time or "") == DUE
        self._answer()
        # A run that is due is tried until it succeeds.
        assert isinstance(job.failure_policy, ConstantFailurePolicy)
        assert job.failure_policy.max_retries is None
        self.jobs[job.name] = job.data

    async def delete_job(self, name: str) -> None:
        self._answer()
        del self.jobs[name]

    def _answer(self) -> None:
        if self.status is not None:
            raise DaprGrpcError(AioRpcError(self.status, Metadata(), Metadata(), "no"))


@asynccontextmanager
async def opened(scheduler: FakeScheduler) -> AsyncIterator[DaprJobs]:
    """Yield the jobs over a fake scheduler, which lists them over a real connection."""

    async def list_jobs(_: bytes, context: Any) -> ListJobsResponse:
        if scheduler.status is not None:
            await context.abort(scheduler.status, "no")
        given = dict(context.invocation_metadata()).get("dapr-api-token")
        if given != scheduler.api_token:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "another token")
        jobs = [DaprJob(name=name, data=data) for name, data in scheduler.jobs.items()]
        return ListJobsResponse(jobs=jobs)

    handler = grpc.unary_unary_rpc_method_handler(
        list_jobs, response_serializer=ListJobsResponse.SerializeToString
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("dapr.proto.runtime.v1.Dapr", {"ListJobs": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield DaprJobs(scheduler, channel, scheduler.api_token)  # type: ignore[arg-type]
    finally:
        await server.stop(grace=None)


async def test_an_armed_job_fires_with_its_schedule_and_time() -> None:
    """The job that Dapr's scheduler triggers is the one that was scheduled."""
    events, fired, scheduler = JobEvents(), Fired(), FakeScheduler()
    events.fire = fired
    async with opened(scheduler) as jobs, serving(events) as sidecar:
        await jobs.arm("plants", DUE)
        [(name, data)] = scheduler.jobs.items()
        await sidecar.OnJobEventAlpha1(JobEventRequest(name=name, data=data))
    assert fired.calls == [("plants", DUE)]


async def test_jobs_are_listed_with_their_schedule_and_time() -> None:
    """Also those of an earlier release, whose names are without the time; others are not ours."""
    scheduler = FakeScheduler()
    async with opened(scheduler) as jobs:
        await jobs.arm("plants", DUE)
        scheduler.jobs[f"{PREFIX}cat"] = job("cat").data
        scheduler.jobs["another"] = job("cat").data
        scheduler.jobs[f"{PREFIX}another"] = AnyMessage()
        name = job_name("plants", DUE)
        listed = [ArmedJob(name, "plants", DUE), ArmedJob(f"{PREFIX}cat", "cat", DUE)]
        assert await jobs.armed() == listed
        await jobs.disarm(name)
        assert await jobs.armed() == listed[1:]


async def test_jobs_are_listed_with_the_token_that_the_sidecar_requires() -> None:
    async with opened(FakeScheduler(api_token="secret")) as jobs:
        await jobs.arm("plants", DUE)
        assert await jobs.armed() == [ArmedJob(job_name("plants", DUE), "plants", DUE)]


async def test_a_job_that_is_there_is_not_overwritten() -> None:
    async with opened(FakeScheduler(grpc.StatusCode.ALREADY_EXISTS)) as jobs:
        await jobs.arm("plants", DUE)
    async with opened(FakeScheduler(grpc.StatusCode.NOT_FOUND)) as jobs:
        await jobs.disarm("plants")


@pytest.mark.parametrize("call", ["arm", "disarm", "armed"])
async def test_a_scheduler_that_does_not_answer_is_unavailable(call: str) -> None:
    async with opened(FakeScheduler(grpc.StatusCode.UNAVAILABLE)) as jobs:
        calls = {
            "arm": jobs.arm("plants", DUE),
            "disarm": jobs.disarm("plants"),
            "armed": jobs.armed(),
        }
        with pytest.raises(ProblemError) as error:
            await calls.pop(call)
        for unused in calls.values():
            unused.close()
    assert (error.value.type, error.value.retry_after) == (ProblemType.UNAVAILABLE, 1)


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
