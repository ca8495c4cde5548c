"""What a fault of a cluster hits, and when it is over, by what Kubernetes' API says."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from support.fault_suite.cluster import kubernetes
from support.fault_suite.cluster.faults import cluster_faults, long_faults
from support.fault_suite.cluster.kubernetes import Kubernetes, container_ids
from support.fault_suite.cluster.workloads import WORKLOADS
from support.fault_suite.fault import FaultNotOver

ASSIGNER = WORKLOADS["assigner"]


def pod(
    uid: str, *, ready: bool = True, container: str = "c1", ends: bool = False
) -> dict[str, Any]:
    """Return a pod, as the API has it."""
    meta = {"name": "assigner-1", "namespace": "taskway", "uid": uid}
    return {
        "metadata": meta | ({"deletionTimestamp": "now"} if ends else {}),
        "status": {
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "initContainerStatuses": [
                {"name": "daprd", "containerID": f"containerd://d-{container}"}
            ],
            "containerStatuses": [{"name": "service", "containerID": f"containerd://{container}"}],
        },
    }


class Api:
    """Kubernetes' API: a list of pods after the other, and what was asked of it."""

    def __init__(self, *lists: list[dict[str, Any]]) -> None:
        """Answer by these lists in turn, and by the last from then on."""
        self.lists = [*lists]
        self.asked: list[tuple[str, str, Any]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.path, body))
        if request.url.path.endswith("/pods"):
            items = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
            return httpx.Response(200, json={"items": items})
        return httpx.Response(200, json={"spec": {"replicas": 1}})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes, "POLL_SECONDS", 0.0)


async def client(api: Api) -> AsyncIterator[Kubernetes]:
    """Yield a client of an API."""
    transport = httpx.MockTransport(api.answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://kubernetes") as http:
        yield Kubernetes(http)


@pytest.mark.parametrize(
    "before",
    [
        [pod("old")],
        [pod("new", ready=False)],
        [pod("new", ends=True)],
        [pod("new"), pod("old", ends=True)],
        [],
    ],
    ids=["the old pod", "not ready", "ending", "one too many", "none"],
)
async def test_a_fault_is_over_when_other_pods_are_ready(before: list[dict[str, Any]]) -> None:
    api = Api(before, before, [pod("new")])
    async for cluster in client(api):
        await cluster.wait_ready(ASSIGNER, without={"old"})
    assert sum(path.endswith("/pods") for _, path, _ in api.asked) == 3


async def test_a_killed_container_is_over_when_another_is_in_its_place() -> None:
    api = Api([pod("p", container="c1")], [pod("p", container="c2")])
    async for cluster in client(api):
        await cluster.wait_ready(ASSIGNER, without={"d-c1"})
    assert container_ids(pod("p", container="c2")) == {"c2", "d-c2"}


async def test_what_does_not_become_ready_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes, "READY_WITHIN", 0.05)
    async for cluster in client(Api([pod("old")])):
        with pytest.raises(FaultNotOver, match="assigner to be ready"):
            await cluster.wait_ready(ASSIGNER, without={"old"})


async def test_only_the_pod_that_was_seen_is_deleted() -> None:
    api = Api([])
    async for cluster in client(api):
        await cluster.delete(pod("a"), 0)
        await cluster.delete(pod("a"), None)
    path, this = "/api/v1/namespaces/taskway/pods/assigner-1", {"preconditions": {"uid": "a"}}
    assert api.asked == [
        ("DELETE", path, {**this, "gracePeriodSeconds": 0}),
        ("DELETE", path, this),
    ]


def test_each_part_is_hit_and_no_fault_has_the_name_of_another() -> None:
    faults = [*cluster_faults(), *long_faults()]
    assert len({fault.name for fault in faults}) == len(faults)
    assert set().union(*(fault.victims for fault in faults)) == {*WORKLOADS, "kubelet"}
