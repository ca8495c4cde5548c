"""The connections to the workflow engine of our sidecar: each call has a deadline."""

import grpc
from dapr.ext.workflow.aio import DaprWorkflowClient
from grpc.aio import Channel

from orchestrator.dapr_sdk.sdk_logging import SDK_LOGS
from servicekit.deadlines import CHANNEL_OPTIONS, Deadlines
from servicekit.settings import ServiceSettings
from servicekit.tracing import TraceContext


def sidecar_channel(settings: ServiceSettings) -> Channel:
    """Return a channel to our sidecar's gRPC port, which passes the current trace context on."""
    return grpc.aio.insecure_channel(
        f"127.0.0.1:{settings.dapr_grpc_port}",
        options=CHANNEL_OPTIONS,
        interceptors=[TraceContext(), Deadlines(settings.call_limits)],
    )


def workflow_client(settings: ServiceSettings) -> DaprWorkflowClient:
    """Return the SDK's client of our sidecar; it connects on the event loop that first uses it."""
    client = DaprWorkflowClient(
        host="127.0.0.1", port=str(settings.dapr_grpc_port), logger_options=SDK_LOGS
    )
    # It accepts neither options nor interceptors, and opens its channel at its first call. Its own
    # deadline, `DAPR_API_TIMEOUT_SECONDS`, is one for all calls of the process.
    inner = client._DaprWorkflowClient__obj  # type: ignore[attr-defined]
    inner._channel_options = [*(inner._channel_options or ()), *CHANNEL_OPTIONS]
    inner._interceptors = [*(inner._interceptors or ()), Deadlines(settings.call_limits)]
    return client
