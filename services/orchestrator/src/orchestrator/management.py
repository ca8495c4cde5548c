"""What the engine offers its operators, and the 1.18 client does not: lists, histories, reruns.

The methods are called as in 1.19, where they are the client's own.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import grpc
from google.protobuf.wrappers_pb2 import StringValue
from grpc.aio import AioRpcError, Channel
from pydantic import BaseModel

from orchestrator.durabletask import TaskHubSidecarServiceStub, protos
from servicekit.settings import ServiceSettings
from servicekit.sidecar import UNTRACED
from servicekit.tracing import TraceContext

History = Callable[[str], Awaitable[Sequence[Any]]]
"""Returns the events of an instance."""

# One answer must stay far below gRPC's 4 MiB.
PAGE_SIZE = 5_000


def sidecar_channel(settings: ServiceSettings) -> Channel:
    """Return a connection to our sidecar's gRPC port, which passes the current trace on."""
    return grpc.aio.insecure_channel(
        f"127.0.0.1:{settings.dapr_grpc_port}", interceptors=[TraceContext()]
    )


def later_history(settings: ServiceSettings) -> History:
    """Return what reads histories on another event loop than this: it connects there."""
    management: Management | None = None

    async def history(instance_id: str) -> Sequence[Any]:
        nonlocal management
        if management is None:
            management = Management(sidecar_channel(settings), settings.dapr_api_token)
        return await management.get_workflow_history(instance_id)

    return history


class Management:
    """The engine's operations; each raises AioRpcError where the sidecar does not answer."""

    def __init__(self, channel: Channel, api_token: str | None = None) -> None:
        """Ask over `channel`, one to the sidecar's gRPC port.

        Args:
            channel: The connection.
            api_token: What the sidecar asks of its callers, if anything.
        """
        self._stub = TaskHubSidecarServiceStub(channel)  # type: ignore[no-untyped-call]
        self._token = (("dapr-api-token", api_token),) if api_token else ()
        # What an operator looks at is no part of any instance's trace.
        self._metadata = (*UNTRACED.items(), *self._token)

    async def schedule_new_workflow(
        self, workflow: str, instance_id: str, request: BaseModel
    ) -> None:
        """Start an instance as part of the current trace, which the SDK's client does not pass on.

        Args:
            workflow: Dapr's name of it.
            instance_id: What it is called.
            request: Its input.
        """
        asked = protos.CreateInstanceRequest(
            name=workflow,
            instanceId=instance_id,
            input=StringValue(value=json.dumps(request.model_dump(mode="json"))),
        )
        await self._stub.StartInstance(asked, metadata=self._token)

    async def list_workflow_instance_ids(self) -> AsyncIterator[list[str]]:
        """Yield the ids of all instances of this app, children included, in pages."""
        token: str | None = None
        while True:
            request = protos.ListInstanceIDsRequest(continuationToken=token, pageSize=PAGE_SIZE)
            answer = await self._stub.ListInstanceIDs(request, metadata=self._metadata)
            yield list(answer.instanceIds)
            if not answer.HasField("continuationToken"):
                return
            token = answer.continuationToken

    async def get_workflow_state(self, instance_id: str, payloads: bool) -> Any | None:
        """Return an instance as the engine has it, with its parent and version; None if unknown.

        Args:
            instance_id: The instance.
            payloads: Whether with input, output and custom status.
        """
        request = protos.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=payloads)
        answer = await self._stub.GetInstance(request, metadata=self._metadata)
        return answer.workflowState if answer.exists else None

    async def get_workflow_history(self, instance_id: str) -> list[Any]:
        """Return the events of an instance, those of its current generation, in order."""
        request = protos.GetInstanceHistoryRequest(instanceId=instance_id)
        try:
            answer = await self._stub.GetInstanceHistory(request, metadata=self._metadata)
        except AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return []
            raise
        return list(answer.events)

    async def rerun_workflow_from_event(
        self, instance_id: str, event_id: int, new_instance_id: str, data: str | None
    ) -> str:
        """Run an instance again from one of its events, as a new one.

        Args:
            instance_id: The instance to repeat.
            event_id: Where to begin.
            new_instance_id: The new one's id.
            data: Another input for that event, as JSON.

        Returns:
            The new instance's id.
        """
        answer = await self._stub.RerunWorkflowFromEvent(
            protos.RerunWorkflowFromEventRequest(
                sourceInstanceID=instance_id,
                eventID=event_id,
                newInstanceID=new_instance_id,
                input=None if data is None else StringValue(value=data),
                overwriteInput=data is not None,
            ),
            metadata=self._metadata,
        )
        return str(answer.newInstanceID)

    async def pause_workflow(self, instance_id: str, reason: str) -> None:
        """Let an instance do nothing more until it is resumed."""
        await self._stub.SuspendInstance(
            protos.SuspendRequest(instanceId=instance_id, reason=StringValue(value=reason)),
            metadata=self._metadata,
        )

    async def resume_workflow(self, instance_id: str, reason: str) -> None:
        """Let a paused instance go on."""
        await self._stub.ResumeInstance(
            protos.ResumeRequest(instanceId=instance_id, reason=StringValue(value=reason)),
            metadata=self._metadata,
        )

    async def terminate_workflow(self, instance_id: str, reason: str, recursive: bool) -> None:
        """End an instance at once, without compensation."""
        await self._stub.TerminateInstance(
            protos.TerminateRequest(
                instanceId=instance_id,
                output=StringValue(value=json.dumps({"reason": reason})),
                recursive=recursive,
            ),
            metadata=self._metadata,
        )

    async def purge_workflow(self, instance_id: str, recursive: bool) -> int:
        """Delete what is kept of a finished instance; return how many were deleted."""
        answer = await self._stub.PurgeInstances(
            protos.PurgeInstancesRequest(instanceId=instance_id, recursive=recursive),
            metadata=self._metadata,
        )
        return int(answer.deletedInstanceCount)
