"""Each call to an engine that does not answer ends at its deadline."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import pytest
from grpc.aio import AioRpcError

from orchestrator.dapr_sdk.channels import sidecar_channel, workflow_client
from orchestrator.dapr_sdk.management import Management
from orchestrator.settings import Settings
from orchestrator.workflows.hello.models import HelloRequest
from support.frozen import frozen_server

Call = Callable[[Any], Awaitable[object]]
OF_THE_CLIENT: dict[str, Call] = {
    "raise_workflow_event": lambda c: c.raise_workflow_event("task-1", "approval", data={"a": 1}),
    "terminate_workflow": lambda c: c.terminate_workflow("task-1"),
    "purge_workflow": lambda c: c.purge_workflow("task-1"),
    "rerun_workflow_from_event": lambda c: c.rerun_workflow_from_event("task-1", 1),
    "list_workflow_instance_ids": lambda c: c.list_workflow_instance_ids(),
}
OF_MANAGEMENT: dict[str, Call] = {
    "get_workflow_state": lambda m: m.get_workflow_state("task-1", payloads=True),
    "get_workflow_history": lambda m: m.get_workflow_history("task-1"),
    "pause_workflow": lambda m: m.pause_workflow("task-1", "why"),
    "resume_workflow": lambda m: m.resume_workflow("task-1", "why"),
}


@pytest.fixture
async def settings() -> AsyncIterator[Settings]:
    async with frozen_server() as port:
        yield Settings(
            dapr_grpc_port=port,
            read_timeout_seconds=0.1,
            operation_timeout_seconds=0.1,
            index_list_timeout_seconds=0.1,
        )


async def late(call: Awaitable[object]) -> None:
    """Expect that a call ends at its deadline."""
    async with asyncio.timeout(10):
        with pytest.raises(AioRpcError) as error:
            await call
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize("name", OF_THE_CLIENT)
async def test_the_calls_of_the_client_have_deadlines(settings: Settings, name: str) -> None:
    await late(OF_THE_CLIENT[name](workflow_client(settings)))


@pytest.mark.parametrize("name", OF_MANAGEMENT)
async def test_the_calls_of_management_have_deadlines(settings: Settings, name: str) -> None:
    async with sidecar_channel(settings) as channel:
        await late(OF_MANAGEMENT[name](Management(channel)))


async def test_a_start_has_a_limit_of_its_own(settings: Settings) -> None:
    own = settings.model_copy(update={"start_timeout_seconds": 0.1})
    assert own.call_limits.seconds("StartInstance") == pytest.approx(1.1)
    async with sidecar_channel(own) as channel:
        request = HelloRequest(hello_id="1", user_name="ada")
        await late(Management(channel).schedule_new_workflow("hello", "hello-1", request))
