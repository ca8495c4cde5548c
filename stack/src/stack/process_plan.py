"""Plans every process of a stack."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace

import httpx

from stack import backends, dapr_processes
from stack.dapr_binaries import DaprBinaries
from stack.layout import APPS, FRONT, Ports, RunDirectory, url
from stack.options import StackOptions
from stack.ports import HOST
from stack.process import ProcessSpec, Stage
from stack.readiness import service_ready
from stack.state_store import state_store

# On a developer's machine, monitored addresses are local, as in the sample.
MONITOR_ALLOW = "127.0.0.0/8, ::1/128"


def plan_processes(
    options: StackOptions,
    dapr: DaprBinaries,
    run: RunDirectory,
    ports: Ports,
    client: httpx.AsyncClient,
) -> list[ProcessSpec]:
    """Return the processes in the order of their start, and write their configuration.

    Raises:
        StackError: A required program is missing.
    """
    jaeger = shutil.which("jaeger")
    specs = [
        dapr_processes.placement(dapr, ports, client),
        dapr_processes.scheduler(dapr, ports, run.scheduler, client),
    ]
    store = state_store(options.store, run, ports, os.environ)
    specs += store.processes
    if jaeger:
        specs.append(backends.jaeger(jaeger, run, ports, client))
    specs += [_service(app, ports, store.measured, bool(jaeger), client) for app in APPS]

    config = run.config / "dapr.yaml"
    dapr_processes.write_configuration(config, ports, traces=bool(jaeger))
    for app in APPS:
        env = store.sidecar_env(app)
        specs.append(dapr_processes.sidecar(dapr, app, ports, options.store, env, config, client))
    return [_changed(spec, options) for spec in specs]


def _service(
    app: str, ports: Ports, measured: Mapping[str, str], traces: bool, client: httpx.AsyncClient
) -> ProcessSpec:
    own = ports.apps[app]
    env = {
        "APP_HOST": HOST,
        "APP_PORT": str(own.app),
        "DAPR_HTTP_PORT": str(own.http),
        "DAPR_GRPC_PORT": str(own.grpc),
        "LOG_FORMAT": "console",
        "PYTHONUNBUFFERED": "1",
    }
    if own.actors is not None:
        env["ACTOR_PORT"] = str(own.actors)
    if app == FRONT:
        env["MONITOR_ALLOW"] = MONITOR_ALLOW
        env |= measured
    if traces:
        env["OTEL_EXPORTER_OTLP_ENDPOINT"] = url(ports.jaeger_otlp)
        # In milliseconds: spans that are not exported yet are lost in a kill.
        env["OTEL_BSP_SCHEDULE_DELAY"] = "500"
        env["JAEGER_URL"] = url(ports.jaeger_ui)
    command = [sys.executable, "-m", f"{app}.main"]
    return ProcessSpec(app, command, Stage.SERVICE, service_ready(client, url(own.app)), env)


def _changed(spec: ProcessSpec, options: StackOptions) -> ProcessSpec:
    return replace(
        spec,
        command=options.commands.get(spec.name, spec.command),
        env={**spec.env, **options.env.get(spec.name, {})},
    )
