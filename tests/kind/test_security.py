"""Forbidden requests are refused by the services, their sidecars, Redis and the cluster."""

import json

import httpx
import pytest

from kind import access
from support.system import unique

# Not a pod: Dapr injects sidecars into what Kubernetes' controllers make, not into a user's pods.
STRANGER = """
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}}}
spec:
  backoffLimit: 0
  template:
    metadata:
      # For the network policies it is the orchestrator: what is tried here is the list of Dapr.
      labels:
        app.kubernetes.io/name: orchestrator
        app.kubernetes.io/component: service
      annotations:
        dapr.io/enabled: "true"
        dapr.io/app-id: stranger
        dapr.io/disable-builtin-k8s-secret-store: "true"
        dapr.io/sidecar-seccomp-profile-type: RuntimeDefault
        dapr.io/enable-native-sidecar: "true" # ends with the application, and so the job ends
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        seccompProfile: {{type: RuntimeDefault}}
      containers:
        - name: stranger
          image: {image}
          command: [python, -c, {program}]
          securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
"""

# Asks the assigner for something that the orchestrator may ask for, and prints the status.
CALL = """
import httpx, time
while True:
    try:
        url = "http://127.0.0.1:3500/v1.0/invoke/assigner/method/assignments/x:assign"
        answer = httpx.put(url, json={"title": "T", "assignee": "alice"}, timeout=10)
    except httpx.ConnectError:
        time.sleep(0.2)  # its sidecar is not up yet
        continue
    # 500: it has not found the assigner's sidecar yet.
    if answer.status_code != 500:
        break
    time.sleep(0.2)
print(answer.status_code)
"""


@pytest.mark.parametrize("app", access.PEERS)
@pytest.mark.parametrize("headers", [{}, {"dapr-api-token": "guessed"}], ids=["none", "wrong"])
async def test_a_call_past_the_sidecar_without_the_token_is_401(
    cluster: None, app: str, headers: dict[str, str]
) -> None:
    path = {"assigner": "/members", "notifier": "/inbox/alice"}[app]
    with access.port_forward(app) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False, headers=headers) as client:
            assert (await client.get(path)).status_code == 401
            assert (await client.get("/healthz")).status_code == 200


def test_a_pod_outside_the_list_is_403(cluster: None) -> None:
    name = unique("stranger")
    assigner = access.objects("pods", "app.kubernetes.io/name=assigner")[0]
    image = assigner["spec"]["containers"][0]["image"]
    job = STRANGER.format(name=name, image=image, program=json.dumps(CALL))
    access.kubectl("create", "-f", "-", stdin=job)
    try:
        access.kubectl("wait", f"job/{name}", "--for=condition=complete", "--timeout=90s")
        logs = access.kubectl("logs", f"job/{name}", "--container=stranger")
        assert logs.split() == ["403"]
    finally:
        access.kubectl("delete", "job", name)


def test_a_pod_that_breaks_the_restricted_policy_is_refused(cluster: None) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": unique("root")},
        "spec": {"containers": [{"name": "c", "image": "redis:8"}]},
    }
    with pytest.raises(access.Refused, match='violates PodSecurity "restricted'):
        access.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))


def test_the_restricted_policy_rejects_nothing_of_ours(cluster: None) -> None:
    events = access.objects("events")
    assert [e["message"] for e in events if "PodSecurity" in e.get("message", "")] == []
    for pod in access.objects("pods", "app.kubernetes.io/part-of=taskway"):
        volumes = [v["name"] for v in pod["spec"].get("volumes", [])]
        assert not [v for v in volumes if v.startswith("kube-api-access")], pod["metadata"]["name"]


@pytest.mark.parametrize("command", ["FLUSHALL", "CONFIG GET *", "KEYS *", "SHUTDOWN"])
def test_redis_refuses_what_would_destroy_or_reconfigure_it(cluster: None, command: str) -> None:
    answer = access.kubectl("exec", "redis-0", "--", "redis-cli", *command.split())
    assert "NOPERM" in answer


def test_every_object_of_the_overlay_is_as_the_cluster_knows_it(cluster: None) -> None:
    """Dapr's kinds have no published schema: the cluster checks them, by Dapr's definitions."""
    access.kubectl("apply", "--dry-run=server", "--validate=strict", "-k", "k8s/overlays/dev")
