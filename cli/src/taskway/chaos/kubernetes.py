"""The pods of a cluster, deleted by kubectl as its user may."""

import base64
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from taskway.api import Api
from taskway.chaos.target import Killed
from taskway.errors import CommandError

KIND = "kind-taskway"
"""The context of the cluster of kind-config.yaml."""
NAMESPACE = "taskway"
DAPR_NAMESPACE = "dapr-system"
URL = "http://localhost:30080"
"""Where the cluster of kind-config.yaml has the orchestrator."""
TIMEOUT_SECONDS = 60
# A line for each pod: its name, and of each of its containers whether it is ready.
READY = '{range .items[*]}{.metadata.name}{" "}{.status.containerStatuses[*].ready}{"\\n"}{end}'
# By the victim: the namespace, and the label of its pods.
PODS = {
    "orchestrator": (NAMESPACE, "app.kubernetes.io/name=orchestrator"),
    "assigner": (NAMESPACE, "app.kubernetes.io/name=assigner"),
    "notifier": (NAMESPACE, "app.kubernetes.io/name=notifier"),
    "redis": (NAMESPACE, "app.kubernetes.io/name=redis"),
    "scheduler": (DAPR_NAMESPACE, "app=dapr-scheduler-server"),
    "placement": (DAPR_NAMESPACE, "app=dapr-placement-server"),
}


class KubernetesTarget:
    """A cluster, reached by kubectl.

    Args:
        api: Any API, whose transport is used.
        context: The kubectl context; it is never taken from what happens to be the current one.
        url: The orchestrator's URL; None for that on Kind.

    Raises:
        CommandError: There is no kubectl.
    """

    can_hold = False

    def __init__(self, api: Api, context: str, url: str | None) -> None:
        if shutil.which("kubectl") is None:
            raise CommandError("--kubernetes needs kubectl on PATH")
        self._api = api
        self._context = context
        self._before: list[str] = []
        # A connection that was made as its pod went may lead past the cluster, and stay there.
        self.orchestrator = api.at(url or URL, {"connection": "close"})

    def check(self, victim: str) -> None:
        """Fail where the cluster has no such pod."""
        if victim.endswith("-sidecar"):
            app = victim.removesuffix("-sidecar")
            raise CommandError(f"In a cluster a sidecar goes with its pod: kill {app}")
        if victim not in PODS:
            raise CommandError(f"There is no victim {victim!r}; there are: {', '.join(PODS)}")
        self._pods(victim)

    @contextmanager
    def hold(self, services: Sequence[str]) -> Iterator[None]:
        """Hold nothing: a pod cannot be stopped and continued by kubectl."""
        yield

    def kill(self, victim: str) -> Killed:
        """Delete a pod without a grace period."""
        self._before = self._pods(victim)
        pod = self._before[0]
        self._kubectl(PODS[victim][0], "delete", "pod", pod, "--grace-period=0", "--force")
        return Killed(victim, f"pod {pod}", "deleted without a grace period")

    def successor(self, killed: Killed) -> str | None:
        """Return the pod that is ready in its place: of a StatefulSet it has the same name."""
        namespace, label = PODS[killed.victim]
        found = self._kubectl(
            namespace, "get", "pods", "--selector", label, "-o", f"jsonpath={READY}"
        )
        others = self._before[1:]
        for line in found.splitlines():
            name, *ready = line.split()
            if name not in others and ready and all(each == "true" for each in ready):
                return f"pod {name}"
        return None

    @contextmanager
    def peer(self, service: str) -> Iterator[Api]:
        """Open the API of a service by a port-forward, with the token that it asks for."""
        encoded = self._kubectl(
            NAMESPACE, "get", "secret", f"{service}-app-token", "-o", "jsonpath={.data.token}"
        )
        token = base64.b64decode(encoded).decode()
        command = self._command(NAMESPACE, "port-forward", f"service/{service}", ":80")
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as forward:
            try:
                # Forwarding from 127.0.0.1:41234 -> 8000
                line = forward.stdout.readline() if forward.stdout else ""
                if "->" not in line:
                    raise CommandError(f"kubectl port-forward service/{service} ended")
                with self._api.at(f"http://{line.split()[2]}", {"dapr-api-token": token}) as api:
                    yield api
            finally:
                forward.terminate()

    def _pods(self, victim: str) -> list[str]:
        namespace, label = PODS[victim]
        names = self._kubectl(
            namespace,
            "get",
            "pods",
            "--selector",
            label,
            "-o",
            "jsonpath={.items[*].metadata.name}",
        ).split()
        if not names:
            raise CommandError(f"{self._context} has no pod of {victim} in {namespace}")
        return names

    def _command(self, namespace: str, *args: str) -> list[str]:
        return ["kubectl", "--context", self._context, "--namespace", namespace, *args]

    def _kubectl(self, namespace: str, *args: str) -> str:
        command = self._command(namespace, *args)
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
            )
        except subprocess.TimeoutExpired as error:
            raise CommandError(f"kubectl has not answered in {TIMEOUT_SECONDS} s") from error
        if done.returncode != 0:
            raise CommandError(f"kubectl --context {self._context}: {done.stderr.strip()}")
        return done.stdout
