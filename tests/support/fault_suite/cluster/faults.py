"""The faults of a cluster: each returns once it is over, and the pods that it hit are ready again.

Each is proved to have hit: the pod or the container that was there is another one afterwards.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from support.fault_suite import fault
from support.fault_suite.client_faults import client_faults
from support.fault_suite.cluster.kubernetes import Kubernetes, containers, is_ready
from support.fault_suite.cluster.node import kubelet_pid, run_on_node, signal_containers
from support.fault_suite.cluster.workloads import SCHEDULERS, SERVICES, WORKLOADS, pod_name
from support.fault_suite.fault import FaultNotOver, LoadTarget

SIDECAR = "daprd"
SUSPENDED_SECONDS, AWAY_SECONDS, LONG_SECONDS = 5.0, 5.0, 30.0
KUBELET_WITHIN = 60.0


@dataclass(frozen=True)
class Target(LoadTarget):
    """What faults of a cluster are made in."""

    kubernetes: Kubernetes


Fault: TypeAlias = fault.Fault[Target]


def cluster_faults() -> list[Fault]:
    """Return every fault that the cluster can have."""
    graceful = (*SERVICES, "redis", "placement", SCHEDULERS[0])
    faults = [_delete(victim, 0) for victim in WORKLOADS]
    faults += [_delete(victim, None) for victim in graceful]
    for name in SERVICES:
        faults += [_kill(name, "service"), _kill(name, SIDECAR)]
        faults += [_rollout(name), _scale(name, AWAY_SECONDS)]
        faults += [_suspend(name, "service")]
    faults += [_suspend("orchestrator", SIDECAR), _suspend("redis", "redis")]
    faults += [_kill("redis", "redis"), _kill(SCHEDULERS[1], "dapr-scheduler-server")]
    faults += [_power_cut(), _kubelet(), *client_faults()]
    return faults


def long_faults() -> list[Fault]:
    """Return those that take long, of which a run has few."""
    return [_scale("assigner", LONG_SECONDS), _scale("notifier", LONG_SECONDS)]


def _delete(victim: str, grace: int | None) -> Fault:
    kind = "pod deleted, no grace" if grace == 0 else "pod deleted"

    async def inject(target: Target) -> None:
        pod = await _pod(target, victim)
        await target.kubernetes.delete(pod, grace)
        await _ready(target, victim, {pod["metadata"]["uid"]})

    return Fault(f"{kind}: {victim}", kind, frozenset({victim}), inject)


def _kill(victim: str, container: str) -> Fault:
    async def inject(target: Target) -> None:
        identity = _container(await _pod(target, victim), container)
        await signal_containers("KILL", [identity])
        await _ready(target, victim, {identity})

    return Fault(f"kill -9 {_process(victim, container)}", "kill -9", frozenset({victim}), inject)


def _suspend(victim: str, container: str) -> Fault:
    async def inject(target: Target) -> None:
        identity = _container(await _pod(target, victim), container)
        await signal_containers("STOP", [identity])
        try:
            await asyncio.sleep(SUSPENDED_SECONDS)
        finally:
            await signal_containers("CONT", [identity])
        await _ready(target, victim, set())

    kind = f"SIGSTOP {SUSPENDED_SECONDS:g} s"
    return Fault(f"{kind} {_process(victim, container)}", kind, frozenset({victim}), inject)


def _rollout(victim: str) -> Fault:
    async def inject(target: Target) -> None:
        before = {p["metadata"]["uid"] for p in await target.kubernetes.pods(WORKLOADS[victim])}
        stamp = {"kubectl.kubernetes.io/restartedAt": datetime.now(UTC).isoformat()}
        change = {"spec": {"template": {"metadata": {"annotations": stamp}}}}
        await target.kubernetes.patch(WORKLOADS[victim].path, change)
        await _ready(target, victim, before)

    return Fault(f"rollout restart {victim}", "rollout restart", frozenset({victim}), inject)


def _scale(victim: str, seconds: float) -> Fault:
    async def inject(target: Target) -> None:
        kubernetes, workload = target.kubernetes, WORKLOADS[victim]
        replicas = await kubernetes.replicas(workload)
        await kubernetes.scale(workload, 0)
        try:
            await kubernetes.wait_gone(workload)
            await asyncio.sleep(seconds)
        finally:
            await kubernetes.scale(workload, replicas)
        await kubernetes.wait_ready(workload)

    kind = f"scaled to 0 for {seconds:g} s"
    return Fault(f"{kind}: {victim}", kind, frozenset({victim}), inject)


def _power_cut() -> Fault:
    async def inject(target: Target) -> None:
        pods = [await _pod(target, victim) for victim in WORKLOADS]
        identities = {identity for pod in pods for _, identity in containers(pod)}
        await signal_containers("KILL", identities)
        for victim in WORKLOADS:
            await _ready(target, victim, identities)

    return Fault("power cut: every container", "power cut", frozenset(WORKLOADS), inject)


def _kubelet() -> Fault:
    async def inject(target: Target) -> None:
        before = await kubelet_pid()
        await run_on_node(f"kill -KILL {before}")
        deadline = time.monotonic() + KUBELET_WITHIN
        # Systemd starts it again.
        while await kubelet_pid() in ("0", before):
            if time.monotonic() > deadline:
                raise FaultNotOver("the kubelet did not come back")
            await asyncio.sleep(1)

    return Fault("kill -9 kubelet", "kubelet", frozenset({"kubelet"}), inject)


async def _pod(target: Target, victim: str) -> dict[str, Any]:
    """Return the pod that is hit, once it is ready: before, it has nothing to lose."""
    name = pod_name(victim)
    await _ready(target, victim, set())
    for pod in await target.kubernetes.pods(WORKLOADS[victim]):
        if name in (None, pod["metadata"]["name"]) and is_ready(pod):
            return pod
    raise FaultNotOver(f"no pod of {victim} is ready")


async def _ready(target: Target, victim: str, without: set[str]) -> None:
    workload, name = WORKLOADS[victim], pod_name(victim)
    await target.kubernetes.wait_ready(workload, without=without, pod=name)


def _container(pod: dict[str, Any], name: str) -> str:
    return dict(containers(pod))[name]


def _process(victim: str, container: str) -> str:
    return f"{victim}-sidecar" if container == SIDECAR else victim
