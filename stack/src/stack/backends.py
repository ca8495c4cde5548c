"""Process specifications of Redis and Jaeger."""

import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path

import httpx

from stack.errors import StackError
from stack.layout import Ports, RunDirectory, address, url
from stack.ports import HOST
from stack.process import ProcessSpec, Stage
from stack.readiness import http_ready
from stack.redis_check import redis_ready


def redis(run: RunDirectory, ports: Ports, password: str) -> ProcessSpec:
    """Return a Redis that syncs every write to disk before it answers.

    Raises:
        StackError: There is no redis-server on PATH.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise StackError(
            "STORE=redis needs redis-server on PATH "
            "(apt install redis-server, or brew install redis). STORE=sqlite needs nothing."
        )
    settings = {
        "bind": HOST,
        "port": ports.redis,
        # From the folder that it starts in, so that no name needs redis.conf's own quoting.
        "dir": run.redis.name,
        # By its SHA-256, which needs no quotes whatever the password is.
        "user": f"default on #{hashlib.sha256(password.encode()).hexdigest()} ~* &* +@all",
        # The append-only file is enough; snapshots would be written for nothing.
        "save": '""',
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
    }
    config = run.config / "redis.conf"
    lines = "".join(f"{name} {value}\n" for name, value in settings.items())
    # A file, since anyone on the machine can read a command line.
    write_private(config, lines)
    ready = redis_ready(HOST, ports.redis, password)
    return ProcessSpec("redis", [program, run.relative(config)], Stage.BACKEND, ready)


def redis_env(ports: Ports, password: str) -> dict[str, str]:
    """Return the environment that the Redis components refer to."""
    return {"REDIS_HOST": address(ports.redis), "REDIS_PASSWORD": password}


def redis_password(run: RunDirectory) -> str:
    """Return the password of a run directory's Redis, created at its first use."""
    return run_password(run.redis)


def run_password(folder: Path) -> str:
    """Return the password that is kept in a folder, created at its first use."""
    file = folder / "password"
    if not file.exists():
        write_private(file, secrets.token_urlsafe(24))
    return file.read_text(encoding="utf-8")


def jaeger(program: str, run: RunDirectory, ports: Ports, client: httpx.AsyncClient) -> ProcessSpec:
    """Return a Jaeger that keeps its traces in memory."""
    config = run.config / "jaeger.yaml"
    document = {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {
                "traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}
            },
            # Its own metrics would take the fixed port 8888.
            "telemetry": {"metrics": {"level": "none"}},
        },
        "extensions": {
            "jaeger_storage": {"backends": {"memory": {"memory": {"max_traces": 100_000}}}},
            "jaeger_query": {
                "storage": {"traces": "memory"},
                "http": {"endpoint": address(ports.jaeger_ui)},
                "grpc": {"endpoint": address(ports.jaeger_query)},
            },
        },
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": address(ports.jaeger_otlp)}}}},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "memory"}},
    }
    config.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    ready = http_ready(client, f"{url(ports.jaeger_ui)}/api/services")
    # It would trace itself, and delay its shutdown by 10 s to export that.
    env = {"OTEL_TRACES_SAMPLER": "always_off"}
    # Relative, for it takes a name with a colon for a URL.
    command = [program, "--config", run.relative(config)]
    return ProcessSpec("jaeger", command, Stage.BACKEND, ready, env)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
