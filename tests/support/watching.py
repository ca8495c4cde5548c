"""A Prometheus beside a self-hosted system."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from stack import Stack
from stack.ports import HOST, PortBlock
from support.monitoring import ALERTS, program
from support.prometheus import Prometheus
from support.system import SERVICES, eventually


@asynccontextmanager
async def watching(stack: Stack, folder: Path) -> AsyncIterator[Prometheus]:
    """Yield a Prometheus that reads the stack's services each second, with our alerts.

    Args:
        stack: What is watched.
        folder: Where Prometheus keeps its files.
    """
    config, data, log = folder / "prometheus.yaml", folder / "data", folder / "log"
    # JSON is YAML.
    config.write_text(json.dumps(_config(stack)), encoding="utf-8")
    ports = PortBlock.claim()
    address = f"{HOST}:{ports.take()}"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={data}",
            f"--web.listen-address={address}",
            stderr=errors,
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as http:

            async def ready() -> bool | None:
                assert process.returncode is None, log.read_text(encoding="utf-8")
                return (await http.get("/-/ready")).status_code == 200 or None

            await eventually(ready, "Prometheus to be ready")
            yield Prometheus(http)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        ports.close()


def _config(stack: Stack) -> dict[str, object]:
    """Return what Prometheus reads, under the names of k8s/monitoring/prometheus."""
    services = [
        {
            "targets": [stack.url(service).removeprefix("http://")],
            "labels": {"service": service, "pod": f"{service}-0"},
        }
        for service in SERVICES
    ]
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(ALERTS)],
        "scrape_configs": [{"job_name": "services", "static_configs": services}],
    }
