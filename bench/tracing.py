"""What traces cost: `python -m bench.tracing`.

Runs the same tasks on fresh stacks, in turns: with every task traced, one in ten, and none. What a
machine does besides then falls on all three.
"""

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import httpx

from stack import Stack, StackOptions
from stack.layout import APPS

SAMPLER = "OTEL_TRACES_SAMPLER_ARG"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
VARIANTS: dict[str, Mapping[str, str]] = {
    "100 %": {SAMPLER: "1"},
    "10 %": {SAMPLER: "0.1"},
    "off": {ENDPOINT: ""},
}
WARM_UP = 20
PATIENCE_SECONDS = 120
# Asking more often would be most of the work.
POLL_SECONDS = 0.1


async def measure(
    store: Literal["sqlite", "redis"], variant: Mapping[str, str], tasks: int, at_once: int
) -> list[float]:
    """Return how long each task took, in seconds, and how long all of them took, last.

    Args:
        store: `sqlite` or `redis`.
        variant: The environment of the services.
        tasks: How many.
        at_once: How many are on their way at a time.
    """
    with tempfile.TemporaryDirectory() as folder:
        options = StackOptions(
            run_dir=Path(folder),
            store=store,
            prefer_port=None,
            env=dict.fromkeys(APPS, variant),
        )
        async with Stack(options) as stack:
            url = stack.url("orchestrator")
            async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
                gate = asyncio.Semaphore(at_once)
                await asyncio.gather(*(_task(client, gate, f"w{n}") for n in range(WARM_UP)))
                began = time.monotonic()
                each = await asyncio.gather(*(_task(client, gate, f"t{n}") for n in range(tasks)))
                return [*each, time.monotonic() - began]


async def _task(client: httpx.AsyncClient, gate: asyncio.Semaphore, name: str) -> float:
    async with gate:
        began = time.monotonic()
        body = {"task_id": name, "title": "T", "assignee": f"member{name}@example.com"}
        (await client.post("/tasks/process", json=body)).raise_for_status()
        while True:
            state = (await client.get(f"/tasks/task-{name}/status")).json()
            if state["status"] == "COMPLETED":
                return time.monotonic() - began
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise SystemExit(f"task-{name} did not complete: {state}")
            await asyncio.sleep(POLL_SECONDS)


async def main() -> None:
    """Measure and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--store", choices=["sqlite", "redis"], default="sqlite")
    arguments.add_argument("--tasks", type=int, default=200)
    arguments.add_argument("--at-once", type=int, default=20)
    arguments.add_argument("--rounds", type=int, default=2)
    asked = arguments.parse_args()
    rates: dict[str, list[float]] = {name: [] for name in VARIANTS}
    waits: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for number in range(asked.rounds):
        for name, variant in VARIANTS.items():
            *each, total = await measure(asked.store, variant, asked.tasks, asked.at_once)
            rates[name].append(asked.tasks / total)
            waits[name] += each
            print(f"round {number + 1}, {name}: {asked.tasks / total:.1f} tasks/s", flush=True)
    print(f"\n{os.cpu_count()} cores, {platform.system()}, {asked.store}; {asked.rounds} rounds of")
    print(f"{asked.tasks} tasks, {asked.at_once} at once: medians\n")
    print("| traced | tasks/s | ratio | ms a task | ratio |")
    print("| --- | ---: | ---: | ---: | ---: |")
    base_rate, base_wait = statistics.median(rates["off"]), statistics.median(waits["off"])
    for name in VARIANTS:
        rate, wait = statistics.median(rates[name]), statistics.median(waits[name])
        print(
            f"| {name} | {rate:.1f} | {rate / base_rate:.2f} "
            f"| {wait * 1000:.0f} | {wait / base_wait:.2f} |"
        )


if __name__ == "__main__":
    asyncio.run(main())
