"""Sampling of root spans, span links, and the trace id in logs and problems."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

from servicekit.tracing import (
    ChangeSampler,
    current_traceparent,
    detached_context,
    parse_traceparent,
    recording,
    trace_id,
)

PARENT = SpanContext(0xA, 0xB, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
UNSAMPLED = SpanContext(0xA, 0xB, is_remote=True, trace_flags=TraceFlags(0))


class Spans:
    """A tracer with the sampler, and what it recorded."""

    def __init__(self, ratio: float = 1.0) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(sampler=ParentBased(root=ChangeSampler(ratio)))
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = provider.get_tracer("test")

    def recorded(self) -> list[str]:
        return [span.name for span in self._exporter.get_finished_spans()]


@pytest.mark.parametrize("attribute", ["http.method", "http.request.method"])
@pytest.mark.parametrize(
    ("method", "begins"),
    [
        ("POST", True),
        ("PUT", True),
        ("DELETE", True),
        ("PATCH", True),
        ("GET", False),
        ("HEAD", False),
        ("OPTIONS", False),
    ],
)
def test_a_request_that_may_change_something_starts_a_trace(
    attribute: str, method: str, begins: bool
) -> None:
    spans = Spans()
    spans.tracer.start_span("s", kind=SpanKind.SERVER, attributes={attribute: method}).end()
    assert spans.recorded() == ["s"] * begins


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        (SpanKind.CONSUMER, True),
        (SpanKind.INTERNAL, False),
        (SpanKind.CLIENT, False),
        (SpanKind.PRODUCER, False),
        (SpanKind.SERVER, False),
    ],
)
def test_a_root_span_of_kind_consumer_starts_a_trace(kind: SpanKind, begins: bool) -> None:
    spans = Spans()
    spans.tracer.start_span("s", kind=kind).end()
    assert spans.recorded() == ["s"] * begins


@pytest.mark.parametrize(("parent", "recorded"), [(PARENT, True), (UNSAMPLED, False)])
def test_a_child_span_follows_its_parents_decision(parent: SpanContext, recorded: bool) -> None:
    spans = Spans()
    with trace.use_span(NonRecordingSpan(parent)):
        spans.tracer.start_span("s", kind=SpanKind.SERVER, attributes={"http.method": "GET"}).end()
        spans.tracer.start_span("t", kind=SpanKind.CONSUMER).end()
    assert spans.recorded() == ["s", "t"] * recorded


def test_a_ratio_records_a_part_of_the_traces() -> None:
    none, some = Spans(0.0), Spans(0.5)
    for _ in range(200):
        for spans in (none, some):
            spans.tracer.start_span("s", kind=SpanKind.CONSUMER).end()
    assert none.recorded() == []
    # With a fair sampler, it is outside of this once in 10^20 runs.
    assert 30 < len(some.recorded()) < 170
    assert ChangeSampler(0.5).get_description() == "ChangeSampler{TraceIdRatioBased{0.5}}"


def test_without_a_span_there_is_no_traceparent_and_no_trace_id() -> None:
    assert current_traceparent() is None
    assert trace_id() is None


def test_a_link_to_the_current_span_is_not_flagged_as_sampled() -> None:
    with trace.use_span(NonRecordingSpan(PARENT)):
        link = current_traceparent()
        assert trace_id() == f"{0xA:032x}"
    assert link == f"00-{0xA:032x}-{0xB:016x}-00"
    named = parse_traceparent(link)
    assert named is not None
    assert (named.trace_id, named.span_id, named.trace_flags.sampled) == (0xA, 0xB, False)


def test_an_unsampled_trace_has_no_trace_id() -> None:
    with trace.use_span(NonRecordingSpan(UNSAMPLED)):
        assert trace_id() is None
        assert current_traceparent() is not None


@pytest.mark.parametrize("traceparent", [None, "", "nonsense", f"00-{0:032x}-{1:016x}-01"])
def test_an_invalid_traceparent_is_no_span_context(traceparent: str | None) -> None:
    with trace.use_span(NonRecordingSpan(PARENT)):
        # Nor the current span.
        assert parse_traceparent(traceparent) is None


def test_a_detached_context_is_outside_of_the_current_trace() -> None:
    with trace.use_span(NonRecordingSpan(PARENT)):
        with detached_context():
            assert current_traceparent() is None
        assert current_traceparent() is not None
        with pytest.raises(ValueError, match="x"), detached_context():
            raise ValueError("x")
        assert current_traceparent() is not None


def test_without_an_endpoint_nothing_is_recorded() -> None:
    assert not recording()
