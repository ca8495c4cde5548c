"""Process specifications of Dapr: placement, scheduler and sidecars."""

import json
from collections.abc import Mapping
from pathlib import Path

import httpx

from stack.dapr_binaries import DaprBinaries
from stack.layout import APPS, AppPorts, Ports, address, sidecar_name, url
from stack.paths import COMPONENTS
from stack.ports import HOST
from stack.process import ProcessSpec, Stage
from stack.readiness import http_ready


def placement(dapr: DaprBinaries, ports: Ports, client: httpx.AsyncClient) -> ProcessSpec:
    """Return the specification of the placement service."""
    command = [
        *(str(dapr.placement), "--listen-address", HOST, "--port", str(ports.placement)),
        *("--healthz-listen-address", HOST, "--healthz-port", str(ports.placement_health)),
        *("--initial-cluster", f"dapr-placement-0={address(ports.placement_raft)}"),
        "--enable-metrics=false",
    ]
    ready = http_ready(client, f"{url(ports.placement_health)}/healthz")
    return ProcessSpec("placement", command, Stage.CONTROL_PLANE, ready)


def scheduler(
    dapr: DaprBinaries, ports: Ports, data: Path, client: httpx.AsyncClient
) -> ProcessSpec:
    """Return the specification of the scheduler, which stores its jobs in `data`."""
    peer = f"dapr-scheduler-server-0={url(ports.etcd_peer)}"
    command = [
        *(str(dapr.scheduler), "--listen-address", HOST, "--port", str(ports.scheduler)),
        *("--healthz-listen-address", HOST, "--healthz-port", str(ports.scheduler_health)),
        *("--etcd-data-dir", str(data), "--etcd-initial-cluster", peer),
        *("--etcd-client-listen-address", HOST, "--etcd-client-port", str(ports.etcd_client)),
        "--enable-metrics=false",
    ]
    ready = http_ready(client, f"{url(ports.scheduler_health)}/healthz")
    return ProcessSpec("scheduler", command, Stage.CONTROL_PLANE, ready)


def sidecar(
    dapr: DaprBinaries,
    app: str,
    ports: Ports,
    store: str,
    env: Mapping[str, str],
    config: Path,
    client: httpx.AsyncClient,
) -> ProcessSpec:
    """Return the specification of the sidecar of an app.

    Args:
        dapr: The programs.
        app: The app id.
        ports: The stack's ports.
        store: The folder of components/ with the state stores.
        env: The environment that the state stores' components refer to.
        config: The configuration of this stack only.
        client: Sends its health checks.
    """
    own = ports.apps[app]
    command = [
        *(str(dapr.daprd), "--app-id", app, *_app_channel(own)),
        *("--dapr-listen-addresses", HOST, "--dapr-http-port", str(own.http)),
        *("--dapr-grpc-port", str(own.grpc)),
        *("--dapr-internal-grpc-listen-address", HOST),
        *("--dapr-internal-grpc-port", str(own.internal)),
        *("--resources-path", csv_field(COMPONENTS)),
        *("--resources-path", csv_field(COMPONENTS / store)),
        *("--config", csv_field(COMPONENTS / "configuration.yaml"), "--config", csv_field(config)),
        *("--placement-host-address", address(ports.placement)),
        *("--scheduler-host-address", address(ports.scheduler)),
        "--enable-metrics=false",
    ]
    ready = http_ready(client, f"{url(own.http)}/v1.0/healthz")
    return ProcessSpec(sidecar_name(app), command, Stage.SIDECAR, ready, env)


def csv_field(path: Path) -> str:
    """Return a path as a field of CSV, which daprd takes its lists of paths for."""
    text = str(path)
    # Go's encoding/csv: a quote alone makes a field invalid, and a comma ends it.
    return '"' + text.replace('"', '""') + '"' if {",", '"'} & set(text) else text


def _app_channel(own: AppPorts) -> list[str]:
    """Return the options of the app channel, which is gRPC where the app hosts actors."""
    if own.actors is None:
        return ["--app-port", str(own.app)]
    return ["--app-port", str(own.actors), "--app-protocol", "grpc"]


def write_configuration(path: Path, ports: Ports, *, traces: bool) -> None:
    """Write the configuration of this stack; it overrides components/configuration.yaml.

    Args:
        path: The file.
        ports: The stack's ports.
        traces: Whether Jaeger runs.
    """
    spec: dict[str, object] = {
        "nameResolution": {
            # Despite its name it contacts no cluster when given a template. mDNS, the usual one,
            # needs multicast, and would let two stacks on a machine call each other's services.
            "component": "kubernetes",
            "version": "v1",
            "configuration": {"template": _resolution_template(ports.apps)},
        }
    }
    if traces:
        spec["tracing"] = {
            # The engine begins a trace with each of its own calls: of these, none is recorded.
            # What is part of a task's trace is, for its parent is. 0 would switch both off.
            "samplingRate": "0.000000001",
            "otel": {
                "endpointAddress": address(ports.jaeger_otlp),
                "isSecure": False,
                "protocol": "grpc",
            },
        }
    document = {
        "apiVersion": "dapr.io/v1alpha1",
        "kind": "Configuration",
        "metadata": {"name": "taskway"},
        "spec": spec,
    }
    # JSON is YAML, and needs no care with quotes.
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _resolution_template(apps: Mapping[str, AppPorts]) -> str:
    cases = (f'if eq .ID "{app}"}}}}{address(apps[app].internal)}' for app in APPS)
    return "{{" + "{{else ".join(cases) + "{{end}}"
