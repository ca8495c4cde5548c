"""Pods are deleted by kubectl, in the context that was named and in no other."""

import base64
from pathlib import Path

import httpx
import pytest

from taskway.api import Api
from taskway.chaos.kubernetes import KIND, URL, KubernetesTarget
from taskway.errors import CommandError

# Answers as kubectl does, and writes down what it was asked for.
KUBECTL = """#!/bin/sh
echo "$@" >> "{folder}/asked"
case "$*" in
    *"--context kind-taskway"*) ;;
    *) echo 'error: context "other" does not exist' >&2; exit 1 ;;
esac
case "$*" in
    *delete*) echo deleted ;;
    *port-forward*) echo 'Forwarding from 127.0.0.1:41234 -> 8000'; exec sleep 60 ;;
    *secret*) printf %s "{token}" ;;
    *range*) cat "{folder}/ready" ;;
    *app=dapr-placement*) ;;
    *) printf %s "server-0 server-1" ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the fake kubectl is, first on PATH."""
    token = base64.b64encode(b"secret").decode()
    program = tmp_path / "kubectl"
    program.write_text(KUBECTL.format(folder=tmp_path, token=token))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def target(context: str = KIND) -> KubernetesTarget:
    return KubernetesTarget(Api("http://127.0.0.1:8000", transport()), context, None)


def transport() -> httpx.MockTransport:
    return httpx.MockTransport(
        lambda request: httpx.Response(
            200, json=[str(request.url), request.headers.get("dapr-api-token")]
        )
    )


def test_a_pod_is_deleted_at_once_and_its_successor_is_known(folder: Path) -> None:
    cluster = target()
    killed = cluster.kill("scheduler")
    assert killed.what == "pod server-0"
    asked = (folder / "asked").read_text().splitlines()[-1]
    assert asked == (
        "--context kind-taskway --namespace dapr-system delete pod server-0 "
        "--grace-period=0 --force"
    )
    for ready in ("server-1 true true\n", "server-1 true\nserver-0\n", "server-0 true false\n"):
        (folder / "ready").write_text(ready)
        assert cluster.successor(killed) is None
    for name in ("server-0", "server-9"):
        (folder / "ready").write_text(f"server-1 true\n{name} true true\n")
        assert cluster.successor(killed) == f"pod {name}"


def test_a_peer_is_asked_by_a_port_forward_with_its_token(folder: Path) -> None:
    with target().peer("notifier") as api:
        assert api.get("/readyz") == ["http://127.0.0.1:41234/readyz", "secret"]


def test_the_orchestrator_is_that_on_kind_unless_the_user_names_one(folder: Path) -> None:
    api = Api("http://127.0.0.1:8000", transport())
    assert target().orchestrator.url == URL
    assert target().orchestrator._http.headers["connection"] == "close"
    assert KubernetesTarget(api, KIND, "http://x").orchestrator.url == "http://x"


@pytest.mark.parametrize(
    ("context", "victim", "why"),
    [
        ("other", "orchestrator", 'context "other" does not exist'),
        (KIND, "orchestrator-sidecar", "a sidecar goes with its pod: kill orchestrator"),
        (KIND, "nobody", "there are: orchestrator, assigner"),
        (KIND, "placement", "has no pod of placement in dapr-system"),
    ],
)
def test_what_is_not_there_is_an_error(folder: Path, context: str, victim: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        target(context).check(victim)


def test_without_kubectl_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match="needs kubectl"):
        target()
