"""Which request an instance began in: what leads from it to its trace."""

import asyncio

import structlog
from cachetools import TTLCache
from grpc.aio import AioRpcError
from opentelemetry.trace import SpanContext, format_trace_id

from orchestrator.dapr_sdk.management import History
from orchestrator.telemetry.execution_info import ExecutionInfo, execution_info_of
from servicekit.tracing import parse_traceparent, recording

log = structlog.get_logger(__name__)

KEPT = 10_000
# An instance can be purged, and another be started under its id.
KEPT_SECONDS = 60.0
# Between two generations of an eternal workflow there is no history.
TRIES = 5
PAUSE = 0.05
# Nothing is to wait long for what only tells of it.
PATIENCE_SECONDS = 1.0


class TraceContexts:
    """The spans that instances are part of, or, where they go on for ever, were started in."""

    def __init__(self, history: History) -> None:
        """Find them in what `history` returns for an instance."""
        self._history = history
        self._known: TTLCache[str, SpanContext | None] = TTLCache(KEPT, KEPT_SECONDS)

    async def of(self, instance_id: str) -> SpanContext | None:
        """Return the span; None where there is none, or the engine does not answer."""
        if not recording():
            return None
        if instance_id in self._known:
            return self._known[instance_id]
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                info = await self._begun(instance_id)
        except (AioRpcError, TimeoutError) as error:
            log.debug("a trace is not known", instance=instance_id, error=type(error).__name__)
            return None
        if info is None:
            return None
        span = self._known[instance_id] = parse_traceparent(info.traceparent)
        return span

    async def _begun(self, instance_id: str) -> ExecutionInfo | None:
        for _ in range(TRIES):
            info = execution_info_of(await self._history(instance_id))
            if info.begun_at is not None:
                return info
            await asyncio.sleep(PAUSE)
        return None

    async def trace_id(self, instance_id: str) -> str | None:
        """Return the id of the trace, as Jaeger shows it."""
        span = await self.of(instance_id)
        return format_trace_id(span.trace_id) if span else None
