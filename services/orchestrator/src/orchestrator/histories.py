"""Reads the history of an instance, which the 1.18 client does not offer yet.

The method is called as in 1.19, where it is the client's own.
"""

from typing import Any

from grpc.aio import Channel

from orchestrator.durabletask import TaskHubSidecarServiceStub, protos


class Histories:
    """The histories that a sidecar keeps."""

    def __init__(self, channel: Channel) -> None:
        """Ask over `channel`, one to the sidecar's gRPC port."""
        self._stub = TaskHubSidecarServiceStub(channel)  # type: ignore[no-untyped-call]

    async def get_workflow_history(self, instance_id: str) -> list[Any]:
        """Return the events of an instance, those of its current generation, in order.

        Raises:
            AioRpcError: The sidecar does not answer, or knows no such instance.
        """
        request = protos.GetInstanceHistoryRequest(instanceId=instance_id)
        answer = await self._stub.GetInstanceHistory(request)
        return list(answer.events)
