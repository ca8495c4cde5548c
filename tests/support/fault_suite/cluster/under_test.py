"""The system in the Kind cluster, with what a run needs of it."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from kind.access import NAMESPACE, ORCHESTRATOR, PEERS, app_token, port_forward
from support.fault_suite.client import Client
from support.fault_suite.cluster.faults import Fault, Target, cluster_faults, long_faults
from support.fault_suite.cluster.kubernetes import DAPR, Kubernetes, containers, kubectl_proxy
from support.fault_suite.cluster.node import memory_mib
from support.fault_suite.cluster.programs import hosting_programs
from support.fault_suite.cluster.workloads import WORKLOADS
from support.fault_suite.leftovers import pending_jobs
from support.fault_suite.load import Load
from support.fault_suite.under_test import Access, UnderTest
from support.system import connect

# Of the orchestrator itself, which its settings there allow to be monitored.
WEB = "http://localhost:8000/healthz"
ETCD_PORT = 2379
CALL_SECONDS = 30.0


class Cluster(UnderTest[Target]):
    """What `make up` has deployed; it keeps what it has."""

    def __init__(self) -> None:
        """Find it by the context of kubectl, once it is opened."""
        self._kubernetes: Kubernetes | None = None

    def run_name(self, seed: int) -> str:
        """Return another name each time: the cluster still has what was run in it before."""
        return f"s{seed}-{secrets.token_hex(3)}"

    def faults(self) -> list[Fault]:
        """Return those of pods, containers, the kubelet and clients."""
        return cluster_faults()

    def rare_faults(self) -> list[Fault]:
        """Return the outages of a peer."""
        return long_faults()

    @asynccontextmanager
    async def opened(self, faults: Sequence[Fault]) -> AsyncIterator[Access]:
        """Have the deployed orchestrator host programs, and reach the peers past their sidecars."""
        async with AsyncExitStack() as resources:
            enter = resources.enter_async_context
            api = await enter(kubectl_proxy())
            http = await enter(
                httpx.AsyncClient(base_url=api, timeout=CALL_SECONDS, trust_env=False)
            )
            self._kubernetes = Kubernetes(http)
            await self.wait_ready()
            await enter(hosting_programs(self._kubernetes))
            # By Kubernetes' own proxy, which finds a service's pod anew for each request.
            services = f"{api}/api/v1/namespaces/{NAMESPACE}/services"
            urls = {app: f"{services}/{app}:80/proxy" for app in PEERS}
            headers = {app: {"dapr-api-token": app_token(app)} for app in PEERS}
            # A connection that was made as its pod went may lead past the cluster, and stay there.
            system = await enter(
                connect({"orchestrator": ORCHESTRATOR, **urls}, headers, keep_alive=False)
            )
            yield Access(ORCHESTRATOR, system, WEB, keep_alive=False)

    def target(self, load: Load, client: Client) -> Target:
        """Return the cluster."""
        return Target(load, client, self._api)

    async def wait_ready(self) -> None:
        """Return when every pod is ready."""
        for workload in set(WORKLOADS.values()):
            await self._api.wait_ready(workload)

    async def pending_jobs(self) -> list[str] | None:
        """Return the jobs in the etcd of the schedulers, any of which has all."""
        with port_forward("dapr-scheduler-server", ETCD_PORT, DAPR) as etcd:
            return await pending_jobs(etcd)

    async def memory_mib(self) -> dict[str, float]:
        """Return the resident memory of each container."""
        identities = {}
        for workload in sorted(set(WORKLOADS.values()), key=lambda w: (w.namespace, w.name)):
            for pod in await self._api.pods(workload):
                for container, identity in containers(pod):
                    name = f"{pod['metadata']['name']}/{container}"
                    # A pod's name is another after each restart, and a Deployment has one here.
                    if workload.kind == "deployments":
                        name = f"{workload.name}/{container}"
                    identities[name] = identity
        return await memory_mib(identities)

    @property
    def _api(self) -> Kubernetes:
        assert self._kubernetes is not None
        return self._kubernetes
