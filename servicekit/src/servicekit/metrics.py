"""Metrics for Prometheus at `/metrics`, by OpenTelemetry; no label has unbounded values."""

from fastapi import APIRouter, Response
from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

# Bucket bounds in seconds: from the latency of a store to a week, which a decision may take.
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400, 604_800)

REQUEST_LABELS = {"http.method", "http.target", "http.status_code"}


def configure_metrics(service: str) -> None:
    """Collect the metrics of this process.

    Args:
        service: The `service.name` of the resource.
    """
    seconds = View(
        instrument_name="taskway.*.duration",
        aggregation=ExplicitBucketHistogramAggregation(SECONDS),
    )
    # Without the Host header: a caller that invents host names would create series.
    requests = View(instrument_name="http.server.*", attribute_keys=REQUEST_LABELS)
    metrics.set_meter_provider(
        MeterProvider(
            metric_readers=[PrometheusMetricReader()],
            resource=Resource.create({"service.name": service}),
            views=[seconds, requests],
        )
    )


def metrics_router() -> APIRouter:
    """Return the route that Prometheus scrapes."""
    router = APIRouter(tags=["health"])

    @router.get(
        "/metrics",
        summary="Get metrics",
        description="In the Prometheus text format.",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    # A coroutine, and so not in a thread: observable instruments read state of the event loop.
    async def read_metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
