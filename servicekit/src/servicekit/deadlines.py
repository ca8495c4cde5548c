"""Deadlines of the calls to the sidecar, whose own default is to wait without end.

A sidecar that is suspended, or whose store or scheduler is, keeps a call forever: no process ends,
and so no connection does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import grpc.aio
from opentelemetry import metrics

EXCEEDED = metrics.get_meter("taskway").create_counter(
    "taskway.deadline.exceeded",
    description="Calls and requests that were given up at their deadline, by target",
)
READS = ("Get", "List", "Query")
"""What the names of gRPC methods begin with that change nothing."""

# A sidecar (v1.18.2, pkg/api/grpc/server.go) accepts a ping each 8 s, also on an idle connection.
# The SDK's worker has the same numbers.
CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # gRPC would wait for up to 2 minutes after a sidecar is back; it is on this machine.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)


@dataclass(frozen=True)
class CallLimits:
    """How long calls may take.

    Args:
        read_seconds: A call that changes nothing.
        operation_seconds: Any other.
        of_method: Seconds of a gRPC method that has a limit of its own, by its name.
    """

    read_seconds: float
    operation_seconds: float
    of_method: Mapping[str, float] = field(default_factory=dict)

    def seconds(self, method: str) -> float:
        """Return how long a gRPC method may take, by its name."""
        default = self.read_seconds if method.startswith(READS) else self.operation_seconds
        return self.of_method.get(method, default)


class Deadlines(grpc.aio.UnaryUnaryClientInterceptor):
    """Gives each gRPC call a deadline, unless its caller did, and counts those that exceed it."""

    def __init__(self, limits: CallLimits) -> None:
        """Limit calls by `limits`."""
        self._limits = limits

    async def intercept_unary_unary(self, continuation, client_call_details, request):  # type: ignore[no-untyped-def]
        """Make a call; the error of one that is late has the code DEADLINE_EXCEEDED."""
        service, method = _names(client_call_details.method)
        if client_call_details.timeout is None:
            seconds = self._limits.seconds(method)
            client_call_details = client_call_details._replace(timeout=seconds)
        call = await continuation(client_call_details, request)
        try:
            await call
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                count_exceeded(target_of(service, method))
            raise
        return call


def target_of(service: str, method: str) -> str:
    """Return what a gRPC call to the sidecar depends on, for metrics."""
    if service.endswith("TaskHubSidecarService"):
        return "engine"
    if "Actor" in method:
        return "actors"
    if "State" in method:
        return "store"
    return "scheduler" if "Job" in method else "sidecar"


def count_exceeded(target: str) -> None:
    """Count a call or request that was given up at its deadline.

    Args:
        target: What did not answer; of a fixed set.
    """
    EXCEEDED.add(1, {"target": target})


def _names(path: bytes | str) -> tuple[str, str]:
    """Return service and method of a gRPC path such as `/TaskHubSidecarService/GetInstance`."""
    text = path.decode() if isinstance(path, bytes) else path
    _, service, method = text.split("/")
    return service, method
