"""Opens the sidecar and the state store at the start of a service."""

from contextlib import AsyncExitStack

from dapr.aio.clients import DaprClient

from servicekit.dapr_state import DaprStateStore
from servicekit.deadlines import Deadlines
from servicekit.readiness import Readiness
from servicekit.settings import ServiceSettings
from servicekit.sidecar import Sidecar, sidecar_client
from servicekit.tracing import TraceContext

STATE_COMPONENT = "statestore"


async def open_sidecar(
    stack: AsyncExitStack, settings: ServiceSettings, readiness: Readiness
) -> Sidecar:
    """Wait until the sidecar is ready, and make readiness depend on it from then on."""
    sidecar = Sidecar(await stack.enter_async_context(sidecar_client(settings)))
    await sidecar.wait_until_ready()
    readiness.add(sidecar.why_not_ready)
    return sidecar


async def open_state_store(stack: AsyncExitStack, settings: ServiceSettings) -> DaprStateStore:
    """Return the service's state store, over a client that the stack closes."""
    client = await stack.enter_async_context(dapr_client(settings))
    return DaprStateStore(lambda: client, STATE_COMPONENT, settings.operation_timeout_seconds)


def lazy_state_store(settings: ServiceSettings) -> DaprStateStore:
    """Return a state store that connects at its first use, on the event loop of that use."""
    return DaprStateStore(
        lambda: dapr_client(settings), STATE_COMPONENT, settings.operation_timeout_seconds
    )


def dapr_client(settings: ServiceSettings) -> DaprClient:
    """Return a gRPC client of the sidecar, for the event loop that first uses it."""
    return DaprClient(
        f"127.0.0.1:{settings.dapr_grpc_port}",
        interceptors=[TraceContext(), Deadlines(settings.call_limits)],
    )
