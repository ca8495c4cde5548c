"""Which trace headers of a caller go on to the sidecar and the peers: few, and short ones.

A sidecar refuses a request with more than 4 KiB of headers in all (`MaxHeaderListSize` of Dapr's
gRPC server), so what a caller sends must not be passed on as it comes: its baggage, of which W3C
allows 8 KiB, is not, for nothing here reads it.
"""

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.propagate import set_global_textmap
from opentelemetry.propagators.textmap import CarrierT, Getter, default_getter
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

# https://www.w3.org/TR/trace-context/#tracestate-limits: what is to be passed on at least, and the
# length from which on an entry goes first.
MAX_TRACESTATE = 512
LONG_ENTRY = 128


class BoundedTraceContext(TraceContextTextMapPropagator):
    """Propagates `traceparent`, and `tracestate` up to 512 characters."""

    def extract(
        self,
        carrier: CarrierT,
        context: Context | None = None,
        getter: Getter[CarrierT] = default_getter,
    ) -> Context:
        """Return the context with the span of the carrier, as W3C Trace Context has it."""
        found = super().extract(carrier, context, getter)
        span = trace.get_current_span(found).get_span_context()
        if len(span.trace_state.to_header()) <= MAX_TRACESTATE:
            return found
        shorter = SpanContext(
            span.trace_id,
            span.span_id,
            is_remote=span.is_remote,
            trace_flags=span.trace_flags,
            trace_state=_shortened(span.trace_state),
        )
        return trace.set_span_in_context(NonRecordingSpan(shorter), found)


def propagate_trace_context() -> None:
    """Make this the propagator of the process, whose default passes baggage on, too."""
    set_global_textmap(BoundedTraceContext())


def _shortened(state: TraceState) -> TraceState:
    entries = list(state.items())
    kept = [(key, value) for key, value in entries if len(key) + 1 + len(value) <= LONG_ENTRY]
    while kept and len(TraceState(kept).to_header()) > MAX_TRACESTATE:
        kept.pop()
    return TraceState(kept)
