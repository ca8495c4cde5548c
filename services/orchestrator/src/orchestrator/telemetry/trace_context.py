"""Which trace an instance belongs to."""

import asyncio

import structlog
from cachetools import TTLCache
from grpc.aio import AioRpcError
from opentelemetry.trace import SpanContext, format_trace_id

from orchestrator.dapr_sdk.management import History
from orchestrator.telemetry.execution_info import ExecutionInfo, execution_info_of
from servicekit.tracing import parse_traceparent, recording

log = structlog.get_logger(__name__)

MAX_CACHED = 10_000
# An instance can be purged, and another be started under its id.
CACHE_SECONDS = 60.0
# Between two generations of an eternal workflow there is no history.
MAX_READS = 5
PAUSE_SECONDS = 0.05
# Telemetry must not hold up a request.
TIMEOUT_SECONDS = 1.0


class TraceContexts:
    """The spans that instances are part of; of eternal workflows, those that started them."""

    def __init__(self, history: History) -> None:
        """Find them in the events that `history` returns."""
        self._history = history
        self._known: TTLCache[str, SpanContext | None] = TTLCache(MAX_CACHED, CACHE_SECONDS)

    async def of(self, instance_id: str) -> SpanContext | None:
        """Return the span; None where there is none, or the engine does not answer in time."""
        if not recording():
            return None
        if instance_id in self._known:
            return self._known[instance_id]
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                info = await self._execution_info(instance_id)
        except (AioRpcError, TimeoutError) as error:
            log.debug("trace unknown", instance=instance_id, error=type(error).__name__)
            return None
        if info is None:
            return None
        span = self._known[instance_id] = parse_traceparent(info.traceparent)
        return span

    async def _execution_info(self, instance_id: str) -> ExecutionInfo | None:
        # Not a shared retry helper: this one repeats an empty result, and gives up with None.
        for _ in range(MAX_READS):
            info = execution_info_of(await self._history(instance_id))
            if info.begun_at is not None:
                return info
            await asyncio.sleep(PAUSE_SECONDS)
        return None

    async def trace_id(self, instance_id: str) -> str | None:
        """Return the id of the trace in Jaeger's form; None where there is none."""
        span = await self.of(instance_id)
        return format_trace_id(span.trace_id) if span else None
