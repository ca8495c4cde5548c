"""What is passed on of a caller's trace headers."""

import pytest
from opentelemetry import propagate
from opentelemetry.context import attach, detach

from servicekit.propagation import MAX_TRACESTATE, propagate_trace_context

PARENT = f"00-{0xA:032x}-{0xB:016x}-01"


def passed_on(monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]) -> dict[str, str]:
    """Return the headers that a call has within a request with these headers."""
    monkeypatch.setattr(propagate, "_HTTP_TEXT_FORMAT", propagate.get_global_textmap())
    propagate_trace_context()
    token = attach(propagate.extract(headers))
    try:
        sent: dict[str, str] = {}
        propagate.inject(sent)
        return sent
    finally:
        detach(token)


def test_a_callers_trace_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"traceparent": PARENT, "tracestate": "vendor=1,other=2"}
    assert passed_on(monkeypatch, headers) == headers


def test_a_callers_baggage_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    baggage = ",".join(f"key{n}={'v' * 100}" for n in range(60))
    headers = {"traceparent": PARENT, "baggage": baggage}
    assert passed_on(monkeypatch, headers) == {"traceparent": PARENT}


@pytest.mark.parametrize(
    "entries",
    [
        [f"k{n}={'v' * 200}" for n in range(32)],
        [f"k{n}={'v' * 100}" for n in range(32)],
        [f"long={'v' * 250}", *(f"k{n}={'v' * 25}" for n in range(20))],
    ],
)
def test_a_tracestate_is_shortened(monkeypatch: pytest.MonkeyPatch, entries: list[str]) -> None:
    headers = {"traceparent": PARENT, "tracestate": ",".join(entries)}
    sent = passed_on(monkeypatch, headers)
    assert sent.pop("traceparent") == PARENT
    state = sent.pop("tracestate", "")
    assert len(state) <= MAX_TRACESTATE
    # Whole entries are left out.
    assert all(entry in entries for entry in state.split(",") if entry)
    assert sent == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": "x" * 3_000},
        {"traceparent": "00-zz", "tracestate": "a=b"},
        {"tracestate": "a=b"},
        {"baggage": "%%%=%,=,;"},
    ],
)
def test_what_is_malformed_does_not_go_on(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    assert passed_on(monkeypatch, headers) == {}
