"""Traces as Jaeger's API has them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx

from support.system import eventually


@dataclass(frozen=True)
class Span:
    """One span; `links` are the traces that it refers to, `began` is in microseconds since 1970."""

    id: str
    parent: str | None
    links: list[str]
    began: int
    microseconds: int
    service: str
    name: str
    tags: dict[str, Any]
    logs: list[dict[str, Any]]

    @property
    def failed(self) -> bool:
        """Whether it says that what it stands for failed."""
        return self.tags.get("otel.status_code") == "ERROR"


@dataclass(frozen=True)
class Trace:
    """All spans of a trace that have arrived."""

    id: str
    spans: list[Span]

    def roots(self) -> list[str]:
        """Return the names of the spans that no other caused."""
        return [span.name for span in self.spans if span.parent is None]

    def orphans(self) -> list[str]:
        """Return the names of the spans whose cause has not arrived."""
        known = {span.id for span in self.spans}
        return [s.name for s in self.spans if s.parent is not None and s.parent not in known]

    def named(self, name: str) -> list[Span]:
        """Return the spans of that name."""
        return [span for span in self.spans if span.name == name]

    def services(self) -> set[str]:
        """Return which services have spans."""
        return {span.service for span in self.spans}

    def instances(self) -> set[str]:
        """Return which instances its spans are about."""
        known = (span.tags.get("taskway.instance_id") for span in self.spans)
        return {instance for instance in known if instance is not None}

    def steps(self) -> list[Span]:
        """Return the spans of activities, as our worker sends them."""
        return [span for span in self.spans if "taskway.step" in span.tags]

    def step_names(self) -> set[str]:
        """Return which activities there are spans of."""
        return {span.tags["taskway.step"] for span in self.steps()}


class Jaeger:
    """Asks Jaeger's API.

    Args:
        http: A client.
        url: Where Jaeger's page is.
    """

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url

    async def trace(self, trace_id: str) -> Trace | None:
        """Return a trace as far as it has arrived."""
        answer = await self._http.get(f"{self._url}/api/traces/{trace_id}")
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        return _trace(answer.json()["data"][0])

    async def whole(self, trace_id: str) -> Trace:
        """Return a trace once it has arrived."""
        found: Trace = await eventually(
            lambda: self.trace(trace_id), f"trace {trace_id}", within=30
        )
        return found

    async def with_span(self, trace_id: str, name: str) -> Trace:
        """Return a trace once a span of that name has arrived; each process exports its own."""

        async def look() -> Trace | None:
            trace = await self.trace(trace_id)
            return trace if trace and trace.named(name) else None

        found: Trace = await eventually(look, f"{name} in trace {trace_id}", within=30)
        return found

    async def with_steps(
        self, trace_id: str, steps: Iterable[str], services: Iterable[str] = ()
    ) -> Trace:
        """Return a trace once these steps have arrived, and the causes of all that has.

        Args:
            trace_id: The trace.
            steps: The steps.
            services: Which services' spans are to be there, too; each exports its own.
        """
        wanted, exporters = set(steps), set(services)

        async def look() -> Trace | None:
            trace = await self.trace(trace_id)
            there = (
                trace is not None and wanted <= trace.step_names() and exporters <= trace.services()
            )
            return trace if trace and there and not trace.orphans() else None

        found: Trace = await eventually(look, f"{wanted} in trace {trace_id}", within=30)
        return found

    async def about(self, instance: str, microseconds: int) -> list[Trace]:
        """Return the traces with spans about an instance that began after a time since 1970."""
        return await self.since(microseconds, tags=json.dumps({"taskway.instance_id": instance}))

    async def since(self, microseconds: int, **more: str) -> list[Trace]:
        """Return the traces of the orchestrator that began after a time since 1970."""
        answer = await self._http.get(
            f"{self._url}/api/traces",
            params={
                "service": "orchestrator",
                "start": microseconds,
                "end": microseconds + 3_600_000_000,
                "limit": 5_000,
                **more,
            },
        )
        assert answer.status_code == 200, answer.text
        return [_trace(found) for found in answer.json()["data"]]


def _trace(found: dict[str, Any]) -> Trace:
    names = {key: process["serviceName"] for key, process in found["processes"].items()}
    return Trace(found["traceID"], [_span(span, names) for span in found["spans"]])


def _span(span: dict[str, Any], names: dict[str, str]) -> Span:
    parents = [r["spanID"] for r in span["references"] if r["refType"] == "CHILD_OF"]
    return Span(
        id=span["spanID"],
        parent=parents[0] if parents else None,
        links=[r["traceID"] for r in span["references"] if r["refType"] != "CHILD_OF"],
        began=span["startTime"],
        microseconds=span["duration"],
        service=names[span["processID"]],
        name=span["operationName"],
        tags={tag["key"]: tag["value"] for tag in span["tags"]},
        logs=span["logs"],
    )
