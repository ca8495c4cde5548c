"""Which request an instance began in: what leads from it to its trace."""

import structlog
from cachetools import TTLCache
from grpc.aio import AioRpcError
from opentelemetry.trace import SpanContext

from orchestrator.management import History
from orchestrator.operations.facts import facts_of
from servicekit.tracing import recording, span_named

log = structlog.get_logger(__name__)

KEPT = 10_000
# An instance can be purged, and another be started under its id.
KEPT_SECONDS = 60.0


class Origins:
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
            events = await self._history(instance_id)
        except AioRpcError as error:
            log.debug("a trace is not known", instance=instance_id, code=error.code().name)
            return None
        span = span_named(facts_of(events).started_in)
        if events:
            self._known[instance_id] = span
        return span

    async def trace_id(self, instance_id: str) -> str | None:
        """Return the id of the trace, as Jaeger shows it."""
        span = await self.of(instance_id)
        return format(span.trace_id, "032x") if span else None
