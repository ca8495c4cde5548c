"""Monitors that run as they stand."""

from orchestrator.schemas.workflows import Sample, SampleEvent
from orchestrator.workflows.monitor.models import STOP


def _stop(reason: str, after_seconds: float) -> SampleEvent:
    payload = {"reason": reason, "by": "alice@example.com"}
    return SampleEvent(event=STOP.name, payload=payload, after_seconds=after_seconds)


SAMPLES = {
    "healthy": Sample(
        summary="Monitor the orchestrator itself, for ten seconds",
        request={
            "monitor_id": "1",
            "url": "http://localhost:8000/healthz",
            "notify": "alice@example.com",
            "interval_seconds": 2,
        },
        events=[_stop("Seen enough", after_seconds=10)],
    ),
    "outage": Sample(
        summary="It goes down at the third check, and recovers at the fifth",
        request={
            "monitor_id": "2",
            "url": "http://localhost:8000/healthz",
            "notify": "alice@example.com",
            "interval_seconds": 1,
            "retry_seconds": 1,
            "simulate": "outage",
        },
        events=[_stop("It is back", after_seconds=8)],
    ),
}
