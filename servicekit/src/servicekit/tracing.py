"""Traces: one for each cause of something, joined across processes by `traceparent`.

Set by OpenTelemetry's own variables (https://opentelemetry.io/docs/specs/otel/configuration/):
without OTEL_EXPORTER_OTLP_ENDPOINT nothing is recorded, and a caller's trace is passed on.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import grpc.aio
from fastapi import FastAPI
from opentelemetry import propagate, trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import (
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import (
    Link,
    SpanContext,
    SpanKind,
    TraceState,
    format_span_id,
    format_trace_id,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
RATIO = "OTEL_TRACES_SAMPLER_ARG"
# What only reads: asked again and again by pages, probes and tests.
READS = frozenset({"GET", "HEAD", "OPTIONS"})
_W3C = TraceContextTextMapPropagator()


class Changes(Sampler):
    """Begins a trace where a request may change something, or what was accepted earlier goes on.

    The latter are the spans of kind CONSUMER. Requests that only read begin none.
    """

    def __init__(self, ratio: float) -> None:
        """Begin one for this part of them, from 0 to 1."""
        self._ratio = TraceIdRatioBased(ratio)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Say whether a span without a parent is recorded."""
        if not _begins(kind, _method(attributes)):
            return SamplingResult(Decision.DROP)
        return self._ratio.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        """Name it."""
        return f"Changes{{{self._ratio.get_description()}}}"


def _begins(kind: SpanKind | None, method: str | None) -> bool:
    if kind is SpanKind.SERVER:
        return method is not None and method not in READS
    return kind is SpanKind.CONSUMER


def _method(attributes: Attributes) -> str | None:
    found = attributes or {}
    method = found.get("http.request.method") or found.get("http.method")
    return method if isinstance(method, str) else None


def configure_tracing(service: str) -> None:
    """Send the spans of this process to where OTEL_EXPORTER_OTLP_ENDPOINT says, if anywhere.

    Args:
        service: The name that its spans carry.
    """
    if not os.environ.get(ENDPOINT):
        return
    ratio = float(os.environ.get(RATIO) or 1.0)
    provider = TracerProvider(
        sampler=ParentBased(root=Changes(ratio)),
        resource=Resource.create({"service.name": service}),
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def recording() -> bool:
    """Return whether this process sends spans anywhere."""
    return isinstance(trace.get_tracer_provider(), TracerProvider)


def trace_requests(app: FastAPI) -> None:
    """Open a span for each request of `app`, as part of its caller's trace where it has one."""
    FastAPIInstrumentor.instrument_app(
        app, excluded_urls="healthz,readyz,metrics", exclude_spans=["receive", "send"]
    )


class TraceContext(grpc.aio.UnaryUnaryClientInterceptor):
    """Passes the current trace on with each gRPC call, unless that names one itself."""

    async def intercept_unary_unary(self, continuation, client_call_details, request):  # type: ignore[no-untyped-def]
        """Add `traceparent` to a call's metadata."""
        metadata = dict(client_call_details.metadata or ())
        if "traceparent" not in metadata:
            propagate.inject(metadata)
        details = client_call_details._replace(metadata=tuple(metadata.items()))
        return await continuation(details, request)


def current_traceparent() -> str | None:
    """Return the current span as a `traceparent`, to be linked to and not to be a part of.

    It is not flagged as sampled (https://www.w3.org/TR/trace-context). None where there is no span.
    """
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{format_trace_id(context.trace_id)}-{format_span_id(context.span_id)}-00"


def parse_traceparent(traceparent: str | None) -> SpanContext | None:
    """Return the span that a `traceparent` names; None where it names none."""
    carrier = {"traceparent": traceparent or ""}
    context = trace.get_current_span(_W3C.extract(carrier, Context())).get_span_context()
    return context if context.is_valid else None


@contextmanager
def detached_context() -> Iterator[None]:
    """Keep what is done in it out of the current trace."""
    token = attach(trace.set_span_in_context(trace.INVALID_SPAN))
    try:
        yield
    finally:
        detach(token)


def trace_id() -> str | None:
    """Return the current trace's id as Jaeger shows it; None where nothing is recorded."""
    context = trace.get_current_span().get_span_context()
    return format_trace_id(context.trace_id) if context.trace_flags.sampled else None
