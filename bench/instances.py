"""How fast instances are listed, and what the list costs: `python -m bench.instances`.

Starts a stack of its own, makes instances by the public API (tasks without a title, which one
activity rejects), starts the stack again so that the index is rebuilt, and measures over HTTP.
"""

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
import time
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.memory import bytes_a_summary
from stack import Stack, StackOptions

REQUESTS = 100
PAGE = 20
IN_FLIGHT = 32
PATIENCE_SECONDS = 600
PROBE_SECONDS = 0.01
"""How often it is tried, during a rebuild, how long the service takes to answer at all."""

QUERIES: dict[str, tuple[str, dict[str, Any]]] = {
    "list: 50 newest": ("/instances", {}),
    "sort: 50 by last update": ("/instances", {"sort": "last_updated_at", "order": "asc"}),
    "filter: workflow and status": ("/instances", {"workflow": "task", "status": "COMPLETED"}),
    "search: one hit": ("/instances", {"q": "person7-0"}),
    "search: no hit": ("/instances", {"q": "nobody has this"}),
    "summary": ("/instances/summary", {}),
}


@dataclass
class Measured:
    """What was measured at one size: milliseconds of each request, by what was asked."""

    instances: int
    rebuild_seconds: float
    probes: list[float]
    requests: dict[str, list[float]] = field(default_factory=dict)


async def measure(options: StackOptions, size: int) -> Measured:
    """Bring a stack to `size` instances, start it again, and measure."""
    async with Stack(options) as stack, _client(stack) as client:
        await _grow(client, size)
    async with AsyncExitStack() as resources:
        stack = Stack(options)
        began = time.monotonic()
        await resources.enter_async_context(stack)
        ready = time.monotonic()
        print(f"  started again in {ready - began:.1f} s", flush=True)
        client = await resources.enter_async_context(_client(stack))
        probes = await _until_complete(client)
        measured = Measured(await _total(client), time.monotonic() - ready, probes)
        for name, (path, params) in QUERIES.items():
            measured.requests[name] = [await _timed(client, path, params) for _ in range(REQUESTS)]
        measured.requests[f"page {PAGE}"] = await _page_20(client)
        return measured


def _client(stack: Stack) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=stack.url("orchestrator"), timeout=60, trust_env=False)


async def _grow(client: httpx.AsyncClient, size: int) -> None:
    await _until_complete(client)
    missing = size - await _total(client)
    if missing <= 0:
        return
    run, gate, began = uuid.uuid4().hex[:6], asyncio.Semaphore(IN_FLIGHT), time.monotonic()

    async def start(number: int) -> None:
        request = {
            "task_id": f"{run}-{number}",
            "title": "",
            "assignee": f"person{number % 1000}-{number // 1000}@example.com",
        }
        async with gate:
            answer = await client.post("/tasks/process", json=request)
            while answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
                answer = await client.post("/tasks/process", json=request)
            answer.raise_for_status()

    await asyncio.gather(*(start(number) for number in range(missing)))
    seconds = time.monotonic() - began
    print(f"  started {missing} in {seconds:.0f} s: {missing / seconds:.0f} a second", flush=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while await _total(client, status="RUNNING"):
        if time.monotonic() > deadline:
            raise TimeoutError("some instances do not end")
        await asyncio.sleep(0.5)


async def _total(client: httpx.AsyncClient, **params: str) -> int:
    answer = await client.get("/instances/summary", params=params)
    return int(answer.raise_for_status().json()["total"])


async def _until_complete(client: httpx.AsyncClient) -> list[float]:
    """Return, once the index is complete, how long /healthz took meanwhile, in milliseconds."""
    probes: list[float] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = await client.get("/instances", params={"limit": 1})
        if answer.raise_for_status().json()["index"]["complete"]:
            return probes
        if time.monotonic() > deadline:
            raise TimeoutError(f"the index is not complete: {answer.text}")
        for _ in range(20):
            probes.append(await _timed(client, "/healthz", {}))
            await asyncio.sleep(PROBE_SECONDS)


async def _page_20(client: httpx.AsyncClient) -> list[float]:
    """Return how long it takes to get the twentieth page of 50 by the cursor before it."""
    cursor: dict[str, Any] = {}
    for _ in range(PAGE - 1):
        page = (await client.get("/instances", params=cursor)).raise_for_status().json()
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    return [await _timed(client, "/instances", cursor) for _ in range(REQUESTS)]


async def _timed(client: httpx.AsyncClient, path: str, params: Mapping[str, Any]) -> float:
    began = time.perf_counter()
    answer = await client.get(path, params=dict(params))
    took = (time.perf_counter() - began) * 1000
    answer.raise_for_status()
    return took


def show(store: str, runs: list[Measured]) -> None:
    """Print the measurements as a Markdown table."""
    print(f"\n{_machine()}; {store}; ms over HTTP, {REQUESTS} requests each: median (p99)\n")
    print(
        "| " + " | ".join(["", *(f"{run.instances:,} instances" for run in runs), "ratio"]) + " |"
    )
    print("| --- |" + " ---: |" * (len(runs) + 1))
    for name in runs[0].requests:
        times = [run.requests[name] for run in runs]
        ratio = statistics.median(times[-1]) / statistics.median(times[0])
        cells = [f"{statistics.median(t):.1f} ({_p99(t):.1f})" for t in times]
        print("| " + " | ".join([name, *cells, f"{ratio:.1f}"]) + " |")
    rebuilt = [f"{run.rebuild_seconds:.1f} s" for run in runs]
    print("| " + " | ".join(["index complete after a restart", *rebuilt, ""]) + " |")
    probed = [
        f"{statistics.median(p):.1f} ({_p99(p):.1f})" if (p := r.probes) else "" for r in runs
    ]
    print("| " + " | ".join(["/healthz meanwhile", *probed, ""]) + " |")
    memory = [f"{bytes_a_summary(run.instances):,} B" for run in runs]
    print("| " + " | ".join(["memory an instance", *memory, ""]) + " |")
    largest = bytes_a_summary(runs[-1].instances, largest=True)
    print(f"\nMemory of an instance with the longest message, waits and text: {largest:,} B")


def _p99(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


async def main() -> None:
    """Measure at each size, the smallest first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=["sqlite", "redis"], default="sqlite")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--run-dir", type=Path, help="Kept, and gone on with; else a new one")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as fresh:
        options = StackOptions(
            run_dir=args.run_dir or Path(fresh),
            store=args.store,
            prefer_port=None,
            env={"orchestrator": {"LOG_LEVEL": "WARNING"}},
        )
        runs = []
        for size in sorted(args.sizes):
            print(f"{size:,} instances on {args.store}", flush=True)
            runs.append(await measure(options, size))
    show(args.store, runs)


if __name__ == "__main__":
    asyncio.run(main())
