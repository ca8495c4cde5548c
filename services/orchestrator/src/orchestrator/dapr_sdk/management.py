"""A gRPC client for what the SDK's public client neither passes on nor returns."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import grpc
from google.protobuf.wrappers_pb2 import StringValue
from grpc.aio import AioRpcError, Channel
from pydantic import BaseModel

from orchestrator.dapr_sdk.channels import sidecar_channel
from orchestrator.dapr_sdk.errors import is_torn, retry_torn_read
from orchestrator.dapr_sdk.private import TaskHubSidecarServiceStub, protos
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.dapr_sdk.torn import TornReads
from servicekit.settings import ServiceSettings
from servicekit.sidecar import UNTRACED

UNKNOWN_INSTANCE = "no such instance exists"

History = Callable[[str], Awaitable[Sequence[Any]]]
"""Returns the events of an instance, by its id."""


def lazy_history(settings: ServiceSettings) -> History:
    """Return a reader of histories that connects at its first call, on the loop of that call."""
    management: Management | None = None

    async def history(instance_id: str) -> Sequence[Any]:
        nonlocal management
        if management is None:
            management = Management(sidecar_channel(settings), settings.dapr_api_token)
        return await management.get_workflow_history(instance_id)

    return history


class Management:
    """Calls to the engine, named as the SDK's; each raises AioRpcError where it does not answer."""

    def __init__(self, channel: Channel, api_token: str | None = None) -> None:
        """Prepare to make calls.

        Args:
            channel: A channel to the sidecar's gRPC port.
            api_token: The token that the sidecar requires, if any.
        """
        self.torn = TornReads()
        """Which instances can be read no more."""
        self._stub = TaskHubSidecarServiceStub(channel)  # type: ignore[no-untyped-call]
        self._token = (("dapr-api-token", api_token),) if api_token else ()
        # A read or an operation is no part of any instance's trace.
        self._metadata = (*UNTRACED.items(), *self._token)

    # The client passes no trace context on.
    async def schedule_new_workflow(
        self, workflow: str, instance_id: str, request: BaseModel
    ) -> None:
        """Start an instance as part of the current trace.

        Args:
            workflow: Dapr's name of it.
            instance_id: Its id.
            request: Its input.
        """
        message = protos.CreateInstanceRequest(
            name=workflow,
            instanceId=instance_id,
            input=StringValue(value=json.dumps(request.model_dump(mode="json"))),
        )
        await self._stub.StartInstance(message, metadata=self._token)

    # The client's state has neither the parent nor the version.
    async def get_workflow_state(self, instance_id: str, payloads: bool) -> InstanceState | None:
        """Return the state of an instance; None if there is none. A torn read is repeated.

        Args:
            instance_id: The instance.
            payloads: Whether with input, output and progress.
        """
        request = protos.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=payloads)
        try:
            answer = await retry_torn_read(
                lambda: self._stub.GetInstance(request, metadata=self._metadata)
            )
        except AioRpcError as error:
            # As the SDK's client: the runtime may also say so in words.
            if UNKNOWN_INSTANCE in (error.details() or ""):
                self.torn.succeeded(instance_id)
                return None
            raise self._read_error(instance_id, error) from error
        self.torn.succeeded(instance_id)
        return InstanceState.from_proto(answer.workflowState) if answer.exists else None

    # The client's events have no payloads, attempts, timers, ids of children, or trace context.
    async def get_workflow_history(self, instance_id: str) -> list[Any]:
        """Return the events of an instance, those of its current generation, in order.

        A torn read is repeated. Where there is no such instance, there are no events.
        """
        request = protos.GetInstanceHistoryRequest(instanceId=instance_id)
        try:
            answer = await retry_torn_read(
                lambda: self._stub.GetInstanceHistory(request, metadata=self._metadata)
            )
        except AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return []
            raise self._read_error(instance_id, error) from error
        return list(answer.events)

    # The client neither forces, nor purges without the state that it cannot read.
    async def purge_by_force(self, instance_id: str) -> None:
        """Delete an instance without events, and its reminders; one that is gone is no error."""
        request = protos.PurgeInstancesRequest(instanceId=instance_id, recursive=False, force=True)
        await self._stub.PurgeInstances(request, metadata=self._metadata)
        self.torn.succeeded(instance_id)

    async def end_in_memory(self, instance_id: str) -> bool:
        """Terminate a run that the sidecar still has in memory, where its stored state is torn.

        Returns:
            Whether there is one: without it, the sidecar can take no event for the instance.
        """
        try:
            await self._stub.TerminateInstance(
                protos.TerminateRequest(instanceId=instance_id), metadata=self._metadata
            )
        except AioRpcError as error:
            if is_torn(error) or UNKNOWN_INSTANCE in (error.details() or ""):
                return False
            raise
        return True

    def _read_error(self, instance_id: str, error: AioRpcError) -> AioRpcError:
        return self.torn.failed(instance_id, error) if is_torn(error) else error

    # The client passes no reason on.
    async def pause_workflow(self, instance_id: str, reason: str) -> None:
        """Pause an instance until it is resumed."""
        await self._stub.SuspendInstance(
            protos.SuspendRequest(instanceId=instance_id, reason=StringValue(value=reason)),
            metadata=self._metadata,
        )

    # As above.
    async def resume_workflow(self, instance_id: str, reason: str) -> None:
        """Resume a paused instance."""
        await self._stub.ResumeInstance(
            protos.ResumeRequest(instanceId=instance_id, reason=StringValue(value=reason)),
            metadata=self._metadata,
        )
