"""Measures a document batch on a fresh stack: `python tools/measure_batch.py sqlite 10 1000`."""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import grpc.aio
import httpx

from orchestrator.dapr_sdk.management import Management
from stack import Stack, StackOptions


async def main() -> None:
    """Run one batch, and print how long it took and how large its histories are."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("store", choices=["sqlite", "redis"])
    arguments.add_argument("parallelism", type=int)
    arguments.add_argument("documents", type=int)
    asked = arguments.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        options = StackOptions(run_dir=Path(folder), store=asked.store, prefer_port=None)
        async with Stack(options) as stack:
            seconds = await run(stack, asked.parallelism, asked.documents)
            print(f"{asked.documents} documents on {asked.store}: {seconds:.1f} s", end="; ")
            print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
            async with grpc.aio.insecure_channel(stack.sidecar_grpc("orchestrator")) as channel:
                for instance in ("batch-measured", "batch-measured:chunk-1"):
                    events = await Management(channel).get_workflow_history(instance)
                    size = sum(event.ByteSize() for event in events)
                    print(f"{instance}: {len(events)} events, {size} bytes")


async def run(stack: Stack, parallelism: int, documents: int) -> float:
    """Return how many seconds a batch of samples takes; all of them must be done."""
    request = {
        "batch_id": "measured",
        "prefix": "sample",
        "count": documents,
        "parallelism": parallelism,
    }
    url = stack.url("orchestrator")
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as api:
        began = time.monotonic()
        (await api.post("/batches", json=request)).raise_for_status()
        state: dict[str, Any] = {"status": "PENDING"}
        while state["status"] in ("PENDING", "RUNNING"):
            await asyncio.sleep(0.2)
            state = (await api.get("/batches/batch-measured")).json()
        seconds = time.monotonic() - began
    if state["status"] != "COMPLETED" or state["output"]["done"] != documents:
        raise SystemExit(f"the batch did not complete: {state}")
    return seconds


if __name__ == "__main__":
    asyncio.run(main())
