"""Whichever pod is deleted: every accepted task completes, each effect once."""

import asyncio
import subprocess
from collections.abc import Callable

import pytest

from kind import access
from kind.access import kubectl, pod_of
from support.faults import assert_completed, assert_each_effect_once, interrupt
from support.system import System, connect, somebody, unique

COUNT = 50
NODE = "taskway-control-plane"


def delete(app: str) -> Callable[[], None]:
    """Return a fault: the pod of `app` is deleted without a grace period."""
    return lambda: _delete(pod_of(app))


def _delete(pod: str, namespace: str = access.NAMESPACE) -> None:
    kubectl("delete", "pod", pod, "--grace-period=0", "--force", namespace=namespace)


def delete_scheduler() -> None:
    """One of Dapr's three schedulers is deleted."""
    _delete("dapr-scheduler-server-0", "dapr-system")


def stop_orchestrator() -> None:
    """The orchestrator's pod is terminated, as by a drain of its node."""
    kubectl("delete", "pod", pod_of("orchestrator"), "--wait=false")


def kill(pattern: str) -> Callable[[], None]:
    """Return a fault: these processes are killed, and their container starts again in its pod."""
    return lambda: _kill(pattern)


def _kill(pattern: str) -> None:
    # A sidecar's image has no shell, and the first process of a container is deaf to signals from
    # inside: so from the node, which is a container of Docker's.
    node = ["docker", "exec", NODE]
    find = [*node, "pgrep", "-f", pattern]
    pids = subprocess.run(find, capture_output=True, text=True, check=True).stdout.split()
    subprocess.run([*node, "kill", "-KILL", *pids], check=True)


FAULTS = {
    "orchestrator": delete("orchestrator"),
    "orchestrator, asked to stop": stop_orchestrator,
    "orchestrator's application": kill("python.* -m orchestrator.main"),
    "orchestrator's sidecar": kill("^/daprd .*--app-id orchestrator"),
    "assigner": delete("assigner"),
    "notifier": delete("notifier"),
    "redis": delete("redis"),
    "a Dapr scheduler": delete_scheduler,
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_fifty_tasks_survive(cluster: None, fault: str) -> None:
    member, ids = somebody(), [unique() for _ in range(COUNT)]
    urls = dict.fromkeys(System.__dataclass_fields__, access.ORCHESTRATOR)
    # A connection that was made as its pod went may lead past the cluster, and stay there.
    async with connect(urls, keep_alive=False) as users:
        await interrupt(users, ids, member, lambda: asyncio.to_thread(FAULTS[fault]))
        await assert_completed(users, ids)
    await asyncio.to_thread(access.wait_until_rolled_out)
    async with access.open_system() as system:
        await assert_each_effect_once(system, ids, member)
