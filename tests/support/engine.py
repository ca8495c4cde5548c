"""The workflow engine of a stack, reached past the API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from dapr.ext.workflow.aio import DaprWorkflowClient

from orchestrator.dapr_sdk.management import Management
from stack import Stack


def workflow_client(stack: Stack) -> DaprWorkflowClient:
    """Return the SDK's client of the orchestrator's sidecar."""
    host, port = stack.sidecar_grpc("orchestrator").split(":")
    return DaprWorkflowClient(host=host, port=port)


@asynccontextmanager
async def management(stack: Stack) -> AsyncIterator[Management]:
    """Connect to that sidecar for what the client does not offer."""
    async with grpc.aio.insecure_channel(stack.sidecar_grpc("orchestrator")) as channel:
        yield Management(channel)
