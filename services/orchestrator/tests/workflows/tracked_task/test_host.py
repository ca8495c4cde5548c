"""The host of the actors does not wait without end for its sidecar."""

import asyncio

import grpc
import pytest
from dapr.proto import api_service_v1, api_v1

from orchestrator.settings import Settings
from orchestrator.workflows.tracked_task.actor.host import BoundedHost
from support.frozen import frozen_server


@pytest.mark.parametrize("token", [None, "secret"])
async def test_a_read_of_an_actors_state_has_a_deadline(token: str | None) -> None:
    async with frozen_server() as port:
        settings = Settings(dapr_grpc_port=port, dapr_api_token=token, read_timeout_seconds=0.1)
        host = BoundedHost(settings)
        stub = api_service_v1.DaprStub(host._channel)
        async with asyncio.timeout(10):
            with pytest.raises(grpc.aio.AioRpcError) as error:
                await stub.GetActorState(api_v1.GetActorStateRequest())
        await host.stop()
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
