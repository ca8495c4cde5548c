"""The deployed orchestrator, with random programs for a while."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from kind.access import NAMESPACE
from support import programs
from support.fault_suite.cluster.kubernetes import Kubernetes
from support.fault_suite.cluster.workloads import WORKLOADS

NAME = "fault-suite-programs"
CONFIG_MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
ROOT = "/opt/programs"
MOUNT = f"{ROOT}/support/programs"
HOSTING: dict[str, Any] = {
    "command": ["python", "-m", "support.programs.orchestrator"],
    "env": [{"name": "PYTHONPATH", "value": f"/app/packages:{ROOT}"}],
    "volumeMounts": [{"name": NAME, "mountPath": MOUNT, "readOnly": True}],
}
# Nothing of it was there before, so that this is right whatever an interrupted run has left.
WITHOUT: dict[str, Any] = {
    "command": None,
    "env": [{"name": "PYTHONPATH", "$patch": "delete"}],
    "volumeMounts": [{"mountPath": MOUNT, "$patch": "delete"}],
}


@asynccontextmanager
async def hosting_programs(kubernetes: Kubernetes) -> AsyncIterator[None]:
    """Have the orchestrator host programs besides its own workflows, from a ConfigMap."""
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": _files()}
    await kubernetes.replace(CONFIG_MAPS, item)
    try:
        await _change(kubernetes, HOSTING, {"name": NAME, "configMap": {"name": NAME}})
        yield
    finally:
        await _change(kubernetes, WITHOUT, {"name": NAME, "$patch": "delete"})
        await kubernetes.remove(f"{CONFIG_MAPS}/{NAME}")


def _files() -> dict[str, str]:
    folder = Path(programs.__path__[0])
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))}


async def _change(
    kubernetes: Kubernetes, container: dict[str, Any], volume: dict[str, Any]
) -> None:
    """Change the pods of the orchestrator, and return when none is as before."""
    workload = WORKLOADS["orchestrator"]
    before = {pod["metadata"]["uid"] for pod in await kubernetes.pods(workload)}
    spec = {"containers": [{"name": "service", **container}], "volumes": [volume]}
    await kubernetes.patch(workload.path, {"spec": {"template": {"spec": spec}}})
    await kubernetes.wait_ready(workload, without=before)
