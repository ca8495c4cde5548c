"""What the orchestrator's routes use, put together."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from dapr.ext.workflow.aio import DaprWorkflowClient

from orchestrator.engine import Engine
from orchestrator.settings import Settings
from orchestrator.watch import ending_a_wedged_sidecar
from orchestrator.worker import SDK_LOGS, build_worker
from servicekit.opening import open_sidecar
from servicekit.readiness import Readiness
from servicekit.sidecar import sidecar_client


@dataclass(frozen=True)
class Orchestrator:
    """The engine behind the routes."""

    engine: Engine


async def open_orchestrator(
    stack: AsyncExitStack, settings: Settings, readiness: Readiness
) -> Orchestrator:
    """Start the worker and return the engine; both use the sidecar, which must come first."""
    sidecar = await open_sidecar(stack, settings, readiness)
    # Its connections belong to the worker's own event loop, and end with the worker.
    http = sidecar_client(settings, settings.peer_timeout_seconds)
    worker = build_worker(http, settings)
    stack.push_async_callback(asyncio.to_thread, worker.shutdown)
    await asyncio.to_thread(worker.start)
    readiness.add(sidecar.why_no_worker)
    await stack.enter_async_context(ending_a_wedged_sidecar(sidecar))
    client = DaprWorkflowClient(
        host="127.0.0.1", port=str(settings.dapr_grpc_port), logger_options=SDK_LOGS
    )
    return Orchestrator(Engine(client, settings.start_timeout_seconds))
