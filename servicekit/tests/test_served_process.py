"""A served process, as its operators see it: log lines, metrics, spans, and its end."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from contracts.problems import ProblemType
from servicekit.metrics import REQUEST_LABELS, SECONDS
from support.system import eventually

SCRIPT = Path(__file__).parent / "service_process.py"
ROUTE = "PUT /observe/{seconds}"
CALLERS, UNRECORDED, LAST = (f"{n:032x}" for n in (0xA, 0xB, 0xC))


class Collector(trace_service_pb2_grpc.TraceServiceServicer):  # type: ignore[misc]
    """Keeps the spans that it is sent."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, str]] = []
        """Name and trace id."""
        self.services: set[str] = set()

    def Export(self, request: Any, _: Any) -> Any:  # noqa: N802 - gRPC's name
        for resource in request.resource_spans:
            names = {a.key: a.value.string_value for a in resource.resource.attributes}
            self.services.add(names["service.name"])
            for scope in resource.scope_spans:
                self.spans += [(span.name, span.trace_id.hex()) for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()


@contextmanager
def served(collector: Collector) -> Iterator[int]:
    """Serve a collector; yield its port."""
    server = grpc.server(ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


@dataclass
class Observed:
    """What was seen of the process."""

    collector: Collector
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    client_ports: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """The connections that each path was requested on."""
    log: list[dict[str, Any]] = field(default_factory=list)
    exit_status: int | None = None

    async def note_connection(self, answer: httpx.Response) -> None:
        """Note the connection that a request was answered on."""
        _, port = answer.extensions["network_stream"].get_extra_info("client_addr")
        self.client_ports[answer.request.url.path].add(port)


async def exercise(client: httpx.AsyncClient, seen: Observed) -> None:
    """Send requests, and return once the span of the last one was exported."""

    async def ready() -> bool | None:
        return (await client.get("/readyz")).is_success or None

    def within(trace: str, sampled: bool) -> dict[str, str]:
        return {"traceparent": f"00-{trace}-{1:016x}-{sampled:02x}", "dapr-api-token": "secret"}

    await eventually(ready, "the service to be ready")
    seen.answers["without token"] = await client.put("/observe/1")
    token = {"dapr-api-token": "secret"}
    await client.put("/observe/2.5", headers=token | {"host": "made-up.example"})
    await client.put("/observe/86400", headers=within(UNRECORDED, sampled=False))
    await client.get("/docs")
    await client.get("/healthz", headers=within(CALLERS, sampled=True))
    seen.answers["invalid"] = await client.put("/observe/x", headers=within(CALLERS, sampled=True))
    await client.get("/nowhere", headers=within(LAST, sampled=True))
    seen.answers["bug"] = await client.get("/bug", headers=token)
    seen.answers["traced bug"] = await client.get("/bug", headers=within(CALLERS, sampled=True))
    seen.answers["metrics"] = await client.get("/metrics")

    async def exported() -> bool | None:
        return LAST in [trace for _, trace in seen.collector.spans] or None

    await eventually(exported, "the last span to be exported")


@pytest.fixture(scope="module")
async def observed() -> Observed:
    seen = Observed(Collector())
    with socket.socket() as probe, served(seen.collector) as collector_port:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = {
            "APP_API_TOKEN": "secret",
            "ALLOWED_HOSTS": "*.example",
            "LOG_FORMAT": "json",
            "DRAIN_SECONDS": "0.1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector_port}",
            "OTEL_EXPORTER_OTLP_INSECURE": "true",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(SCRIPT), str(port)),
            env={**os.environ, **environment},
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}",
                event_hooks={"response": [seen.note_connection]},
            ) as client:
                await exercise(client, seen)
            process.send_signal(signal.SIGTERM)
            output, _ = await asyncio.wait_for(process.communicate(), 60)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    seen.log = [json.loads(line) for line in output.decode().splitlines()]
    seen.exit_status = process.returncode
    return seen


def test_its_exit_status_is_the_signal(observed: Observed) -> None:
    assert observed.exit_status == -signal.SIGTERM


def test_each_log_line_is_json_and_names_the_service(observed: Observed) -> None:
    assert {line["service"] for line in observed.log} == {"example"}
    [draining] = [line for line in observed.log if line["event"] == "draining"]
    assert (draining["signal"], draining["seconds"]) == ("SIGTERM", 0.1)


def test_routes_need_the_token_and_metrics_do_not(observed: Observed) -> None:
    assert observed.answers["without token"].status_code == 401
    assert observed.answers["metrics"].status_code == 200
    assert observed.answers["metrics"].headers["content-type"].startswith("text/plain")


def test_durations_are_counted_in_buckets_up_to_a_week(observed: Observed) -> None:
    bucket = r'^taskway_test_duration_seconds_bucket\{.*le="(.+?)".*\} (\S+)$'
    counts = {
        float(bound): float(count)
        for bound, count in re.findall(bucket, observed.answers["metrics"].text, re.MULTILINE)
    }
    assert list(counts) == [*SECONDS, float("inf")]
    # Each is counted in the first bucket that it fits in, and in all larger ones.
    assert [counts[bound] for bound in (1, 2.5, 60, 3_600, 86_400)] == [0, 1, 1, 1, 2]


def test_labels_of_requests_have_no_values_of_the_caller(observed: Observed) -> None:
    text = observed.answers["metrics"].text
    assert "made-up" not in text
    requests = [line for line in text.splitlines() if line.startswith("http_server_duration")]
    assert any('http_target="/observe/{seconds}"' in line for line in requests)
    known = {label.replace(".", "_") for label in REQUEST_LABELS} | {"le"}
    for line in requests:
        labels = re.findall(r'[{,](\w+)="', line)
        assert {label for label in labels if not label.startswith("otel_")} <= known
    assert 'service_name="example"' in text


def test_spans_of_changes_and_of_sampled_callers_are_exported(observed: Observed) -> None:
    assert observed.collector.services == {"example"}
    names = [name for name, _ in observed.collector.spans]
    # Two begin a trace of their own: the one without token, and the one that no caller traces.
    # Neither a probe nor what only reads does, nor what a caller does not record.
    assert sorted(names) == ["GET", "GET /bug", ROUTE, ROUTE, ROUTE]
    assert (ROUTE, CALLERS) in observed.collector.spans
    assert UNRECORDED not in [trace for _, trace in observed.collector.spans]


def test_a_problem_has_the_trace_id_of_its_request(observed: Observed) -> None:
    answer = observed.answers["invalid"]
    assert (answer.status_code, answer.json()["trace_id"]) == (404, CALLERS)


def test_an_unexpected_error_is_logged_once_under_the_id_in_its_answer(observed: Observed) -> None:
    answer, traced = observed.answers["bug"], observed.answers["traced bug"]
    for problem in (answer, traced):
        assert (problem.status_code, problem.json()["type"]) == (500, ProblemType.INTERNAL)
        assert "on purpose" not in problem.text
    assert traced.json()["trace_id"] == CALLERS
    lines = [line for line in observed.log if "on purpose" in json.dumps(line)]
    assert [line["event"] for line in lines] == ["a request failed unexpectedly"] * 2
    assert [line.get("request_id") for line in lines] == [answer.json()["request_id"], None]
    assert [line.get("trace_id") for line in lines] == [None, CALLERS]
    assert all(line["path"] == "/bug" and line["exception"] for line in lines)


def test_the_connection_of_an_unexpected_error_stays_usable(observed: Observed) -> None:
    assert len(observed.client_ports["/bug"]) == 1
    assert observed.client_ports["/bug"] == observed.client_ports["/metrics"]
