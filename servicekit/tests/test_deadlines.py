"""Each gRPC call to the sidecar has a deadline, and those that exceed it are counted."""

import asyncio
import time
from collections.abc import AsyncIterator

import grpc
import pytest
from dapr.proto import api_service_v1, api_v1
from google.protobuf.empty_pb2 import Empty

from servicekit import deadlines
from servicekit.deadlines import CHANNEL_OPTIONS, CallLimits, Deadlines, target_of
from support.frozen import frozen_server

LIMITS = CallLimits(read_seconds=0.1, operation_seconds=0.4, of_method={"GetConfiguration": 0.2})


class Counter:
    """Counts by target."""

    def __init__(self) -> None:
        self.targets: list[object] = []

    def add(self, _: int, labels: dict[str, object]) -> None:
        self.targets.append(labels["target"])


@pytest.fixture
def exceeded(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    counter = Counter()
    monkeypatch.setattr(deadlines, "EXCEEDED", counter)
    return counter.targets


@pytest.fixture
async def frozen() -> AsyncIterator[api_service_v1.DaprStub]:
    """A stub of a sidecar that does not answer."""
    async with (
        frozen_server() as port,
        grpc.aio.insecure_channel(
            f"127.0.0.1:{port}", CHANNEL_OPTIONS, interceptors=[Deadlines(LIMITS)]
        ) as channel,
    ):
        yield api_service_v1.DaprStub(channel)


@pytest.mark.parametrize(
    ("method", "request_", "limit", "target"),
    [
        ("GetState", api_v1.GetStateRequest(), 0.1, "store"),
        ("SaveState", api_v1.SaveStateRequest(), 0.4, "store"),
        ("ScheduleJob", api_v1.ScheduleJobRequest(), 0.4, "scheduler"),
        ("GetConfiguration", api_v1.GetConfigurationRequest(), 0.2, "sidecar"),
    ],
)
async def test_a_call_without_an_answer_ends_at_its_deadline(
    frozen: api_service_v1.DaprStub,
    exceeded: list[object],
    method: str,
    request_: object,
    limit: float,
    target: str,
) -> None:
    began = time.monotonic()
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await getattr(frozen, method)(request_)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert limit <= time.monotonic() - began < limit + 5
    assert exceeded == [target]


async def test_a_deadline_of_the_caller_is_kept(
    frozen: api_service_v1.DaprStub, exceeded: list[object]
) -> None:
    began = time.monotonic()
    with pytest.raises(grpc.aio.AioRpcError):
        await frozen.GetState(api_v1.GetStateRequest(), timeout=0.3)
    assert time.monotonic() - began >= 0.3
    assert exceeded == ["store"]


async def test_a_call_that_is_cancelled_is_no_exceeded_deadline(
    frozen: api_service_v1.DaprStub, exceeded: list[object]
) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await frozen.SaveState(api_v1.SaveStateRequest())
    assert exceeded == []


async def test_an_answer_and_any_other_error_pass() -> None:
    server = grpc.aio.server()

    class Sidecar(api_service_v1.DaprServicer):  # type: ignore[misc]
        async def SaveState(self, *_: object) -> Empty:  # noqa: N802 - gRPC's name
            return Empty()

        async def GetState(  # noqa: N802
            self, _: object, context: "grpc.aio.ServicerContext[object, object]"
        ) -> None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "nothing there")

    api_service_v1.add_DaprServicer_to_server(Sidecar(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    limits = CallLimits(read_seconds=10, operation_seconds=10)
    try:
        async with grpc.aio.insecure_channel(
            f"127.0.0.1:{port}", interceptors=[Deadlines(limits)]
        ) as channel:
            stub = api_service_v1.DaprStub(channel)
            assert await stub.SaveState(api_v1.SaveStateRequest()) == Empty()
            with pytest.raises(grpc.aio.AioRpcError, match="nothing there") as error:
                await stub.GetState(api_v1.GetStateRequest())
            assert error.value.code() is grpc.StatusCode.NOT_FOUND
    finally:
        await server.stop(None)


@pytest.mark.parametrize(
    ("service", "method", "target"),
    [
        ("TaskHubSidecarService", "GetInstance", "engine"),
        ("dapr.proto.runtime.v1.Dapr", "GetBulkState", "store"),
        ("dapr.proto.runtime.v1.Dapr", "DeleteJob", "scheduler"),
        ("dapr.proto.runtime.v1.Dapr", "GetActorState", "actors"),
        ("dapr.proto.runtime.v1.Dapr", "GetMetadata", "sidecar"),
    ],
)
def test_what_a_call_depends_on_is_known_by_its_name(
    service: str, method: str, target: str
) -> None:
    assert target_of(service, method) == target
