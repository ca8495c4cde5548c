"""Ways into the cluster that its users do not have: kubectl, tokens, and the node's processes."""

import base64
import json
import os
import shlex
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from support.system import System, connect

NAMESPACE = "taskway"
CONTEXT = os.environ.get("TASKWAY_CONTEXT", "kind-taskway")
ORCHESTRATOR = os.environ.get("TASKWAY_URL", "http://localhost:30080")
JAEGER = os.environ.get("TASKWAY_JAEGER_URL", "http://localhost:16686")
# The services that a port-forward reaches, and only with their token.
PEERS = ("assigner", "notifier")


class Refused(Exception):
    """Kubectl failed, or the cluster refused the request."""


def kubectl(*args: str, namespace: str = NAMESPACE, stdin: str | None = None) -> str:
    """Return what kubectl prints.

    Raises:
        Refused: It failed; the exception says why.
    """
    command = ["kubectl", "--context", CONTEXT, "--namespace", namespace, *args]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(f"{shlex.join(command)}: {done.stderr.strip()}")
    return done.stdout


def objects(kind: str, selector: str = "", namespace: str = NAMESPACE) -> list[dict[str, Any]]:
    """Return the objects of a kind, such as `pods`, that have the selector's labels."""
    answer = kubectl("get", kind, "--selector", selector, "-o", "json", namespace=namespace)
    return json.loads(answer)["items"]


def pod_of(app: str) -> str:
    """Return the name of a service's pod."""
    pods = objects("pods", f"app.kubernetes.io/name={app}")
    return str(pods[0]["metadata"]["name"])


def app_token(app: str) -> str:
    """Return the token that a service asks of its callers."""
    secret = json.loads(kubectl("get", "secret", f"{app}-app-token", "-o", "json"))
    return base64.b64decode(secret["data"]["token"]).decode()


@contextmanager
def port_forward(app: str, port: int = 80, namespace: str = NAMESPACE) -> Iterator[str]:
    """Yield a base URL of a service's pod; it lasts as long as the pod."""
    command = ["kubectl", "--context", CONTEXT, "--namespace", namespace]
    command += ["port-forward", f"service/{app}", f":{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as forward:
        try:
            assert forward.stdout is not None
            # Forwarding from 127.0.0.1:41234 -> 8000
            line = forward.stdout.readline()
            assert "->" in line, f"kubectl port-forward service/{app} ended"
            yield f"http://{line.split()[2]}"
        finally:
            forward.terminate()


@asynccontextmanager
async def open_system() -> AsyncIterator[System]:
    """Yield the three APIs: the orchestrator's as users reach it, the peers' past their sidecars.

    The peers' last as long as their pods: after a fault open them anew.
    """
    with port_forward("assigner") as assigner, port_forward("notifier") as notifier:
        urls = {"orchestrator": ORCHESTRATOR, "assigner": assigner, "notifier": notifier}
        headers = {app: {"dapr-api-token": app_token(app)} for app in PEERS}
        async with connect(urls, headers) as system:
            yield system


def wait_until_rolled_out() -> None:
    """Wait until every part of the system has the pods that it should, ready."""
    for workload in kubectl("get", "deployments,statefulsets", "-o", "name").split():
        kubectl("rollout", "status", workload, "--timeout", "180s")
