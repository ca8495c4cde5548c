"""The gRPC server that the sidecar calls when a job is due.

A sidecar accepts actors over a stream only from an application that speaks gRPC, and waits for its
port before it does anything else.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from dapr.proto.runtime.v1.appcallback_pb2_grpc import add_AppCallbackAlphaServicer_to_server

from orchestrator.scheduling.dapr_jobs import JobEvents
from orchestrator.settings import Settings


@asynccontextmanager
async def callback_server(settings: Settings, events: JobEvents) -> AsyncIterator[None]:
    """Serve on loopback as long as the context lasts.

    Args:
        settings: The port.
        events: Receives the jobs that are due.
    """
    # Without the option two applications can listen on one port, and a job go to either.
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    add_AppCallbackAlphaServicer_to_server(events, server)  # type: ignore[no-untyped-call]
    server.add_insecure_port(f"127.0.0.1:{settings.actor_port}")
    await server.start()
    try:
        yield
    finally:
        await server.stop(grace=None)
