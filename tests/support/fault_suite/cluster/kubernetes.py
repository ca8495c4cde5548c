"""Kubernetes' API, as far as faults need it, through `kubectl proxy`."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from kind.access import CONTEXT, NAMESPACE
from support.fault_suite.fault import FaultNotOver

DAPR = "dapr-system"
LABEL, DAPR_LABEL = "app.kubernetes.io/name", "app"
READY_WITHIN = 240.0
"""Seconds until what was hit is ready: a container that ends often is started after 10 s, 20 s …"""
POLL_SECONDS = 0.5
MERGE = "application/strategic-merge-patch+json"


@dataclass(frozen=True)
class Workload:
    """A Deployment or a StatefulSet.

    Args:
        kind: `deployments` or `statefulsets`.
        name: Its name.
        namespace: Its namespace.
    """

    kind: str
    name: str
    namespace: str = NAMESPACE

    @property
    def path(self) -> str:
        """Its path in the API."""
        return f"/apis/apps/v1/namespaces/{self.namespace}/{self.kind}/{self.name}"

    @property
    def selector(self) -> str:
        """The labels of its pods."""
        return f"{DAPR_LABEL if self.namespace == DAPR else LABEL}={self.name}"


class Kubernetes:
    """Reads, deletes and scales pods; waits until they are ready again."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        """Call the API by `http`."""
        self._http = http

    async def pods(self, workload: Workload) -> list[dict[str, Any]]:
        """Return the pods of a workload, those that end included."""
        path = f"/api/v1/namespaces/{workload.namespace}/pods"
        found = await self._call("GET", path, params={"labelSelector": workload.selector})
        items: list[dict[str, Any]] = found["items"]
        return items

    async def delete(self, pod: dict[str, Any], grace: int | None) -> None:
        """Delete a pod, with this grace period in seconds or with its own."""
        meta = pod["metadata"]
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        # Only this pod, and not the one of the same name that a StatefulSet makes next.
        options: dict[str, Any] = {"preconditions": {"uid": meta["uid"]}}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        await self._call("DELETE", path, json=options)

    async def patch(self, path: str, change: dict[str, Any]) -> None:
        """Change an object by a strategic merge patch."""
        await self._call("PATCH", path, json=change, headers={"content-type": MERGE})

    async def replace(self, collection: str, item: dict[str, Any]) -> None:
        """Create an object in a collection, in the place of any of its name."""
        await self.remove(f"{collection}/{item['metadata']['name']}")
        await self._call("POST", collection, json=item)

    async def remove(self, path: str) -> None:
        """Delete an object if it is there."""
        answer = await self._http.delete(path)
        if answer.status_code != 404:
            _require(answer)

    async def replicas(self, workload: Workload) -> int:
        """Return how many pods a workload is to have."""
        count: int = (await self._call("GET", workload.path))["spec"]["replicas"]
        return count

    async def scale(self, workload: Workload, replicas: int) -> None:
        """Have a workload have so many pods."""
        await self.patch(workload.path, {"spec": {"replicas": replicas}})

    async def wait_gone(self, workload: Workload) -> None:
        """Return when a workload has no pod."""

        async def gone() -> bool:
            return not await self.pods(workload)

        await self._wait(gone, f"no pod of {workload.name}")

    async def wait_ready(
        self, workload: Workload, *, without: Collection[str] = (), pod: str | None = None
    ) -> None:
        """Return when the pods of a workload are ready.

        Args:
            workload: Which.
            without: The uids of pods and the ids of containers that must not be among them.
            pod: One of its pods, if the others do not matter.
        """

        async def ready() -> bool:
            wanted = 1 if pod else await self.replicas(workload)
            pods = [p for p in await self.pods(workload) if pod in (None, p["metadata"]["name"])]
            old = any(set(without) & {p["metadata"]["uid"], *container_ids(p)} for p in pods)
            return len(pods) == wanted and not old and all(map(is_ready, pods))

        await self._wait(ready, f"{pod or workload.name} to be ready")

    async def _wait(self, condition: Any, what: str) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            try:
                if await condition():
                    return
            except httpx.TransportError:
                pass  # The API server is as busy as the rest of the machine: ask again.
            await asyncio.sleep(POLL_SECONDS)
        raise FaultNotOver(f"waited {READY_WITHIN:g} s for {what}")

    async def _call(self, method: str, path: str, **more: Any) -> Any:
        return _require(await self._http.request(method, path, **more)).json()


def _require(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        request = answer.request
        text = answer.text[:300]
        raise FaultNotOver(f"{request.method} {request.url}: {answer.status_code} {text}")
    return answer


def is_ready(pod: dict[str, Any]) -> bool:
    """Return whether a pod is ready, and is not about to end."""
    conditions = {c["type"]: c["status"] for c in pod["status"].get("conditions", [])}
    return "deletionTimestamp" not in pod["metadata"] and conditions.get("Ready") == "True"


def containers(pod: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name and the id of each container of a pod that has begun, sidecars included."""
    status = pod["status"]
    for container in (*status.get("initContainerStatuses", ()), *status["containerStatuses"]):
        if container.get("containerID"):
            yield container["name"], container["containerID"].partition("://")[2]


def container_ids(pod: dict[str, Any]) -> set[str]:
    """Return the ids of the containers of a pod."""
    if "containerStatuses" not in pod["status"]:
        return set()
    return {identity for _, identity in containers(pod)}


@asynccontextmanager
async def kubectl_proxy() -> AsyncIterator[str]:
    """Yield the URL of Kubernetes' API for as long as the context lasts."""
    command = ("kubectl", "--context", CONTEXT, "proxy", "--port=0")
    pipe = asyncio.subprocess.PIPE
    # Of a request whose pod has gone, or whose time is over, it says what the client knows.
    silent = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=silent)
    try:
        assert process.stdout is not None
        # Starting to serve on 127.0.0.1:41234
        line = (await process.stdout.readline()).decode()
        assert " on " in line, "kubectl proxy ended"
        yield f"http://{line.rpartition(' on ')[2].strip()}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
