"""Whichever pod is deleted: what was accepted is carried through, each effect once."""

import asyncio
import subprocess
from collections.abc import Callable

import pytest

from kind import access
from kind.access import kubectl, pod_of
from support.system import System, connect, eventually, somebody, unique

COUNT = 50
NODE = "taskway-control-plane"


def delete(app: str) -> Callable[[], None]:
    """Return a fault: the pod of `app` goes, at once and without a word."""
    return lambda: _delete(pod_of(app))


def _delete(pod: str, namespace: str = access.NAMESPACE) -> None:
    kubectl("delete", "pod", pod, "--grace-period=0", "--force", namespace=namespace)


def delete_scheduler() -> None:
    """One of Dapr's three schedulers goes."""
    _delete("dapr-scheduler-server-0", "dapr-system")


def stop_orchestrator() -> None:
    """The orchestrator's pod is asked to go, as a drain of its node would."""
    kubectl("delete", "pod", pod_of("orchestrator"), "--wait=false")


def kill_sidecar() -> None:
    """The sidecar's process is killed, and its container starts again beside the application."""
    # Its image has no shell, and the first process of a container is deaf to signals from inside:
    # so from the node, which is a container of Docker's.
    node = ["docker", "exec", NODE]
    find = [*node, "pgrep", "--newest", "-f", "^/daprd .*--app-id orchestrator"]
    pid = subprocess.run(find, capture_output=True, text=True, check=True).stdout.strip()
    kill = [*node, "kill", "-KILL", pid]
    subprocess.run(kill, check=True)


FAULTS = {
    "orchestrator": delete("orchestrator"),
    "orchestrator, asked to stop": stop_orchestrator,
    "orchestrator's sidecar": kill_sidecar,
    "assigner": delete("assigner"),
    "notifier": delete("notifier"),
    "redis": delete("redis"),
    "a Dapr scheduler": delete_scheduler,
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_fifty_tasks_survive(cluster: None, fault: str) -> None:
    member, ids = somebody(), [unique() for _ in range(COUNT)]
    accepted = asyncio.Semaphore(0)

    async with connect(dict.fromkeys(System.__dataclass_fields__, access.ORCHESTRATOR)) as users:

        async def start(task_id: str) -> None:
            async def accept() -> bool | None:
                answer = await users.process(task_id=task_id, title="T", assignee=member)
                # As a client would: what got no answer, or 'not now', is sent again.
                return True if answer.is_success else None

            await eventually(accept, f"{task_id} to be accepted", within=120)
            accepted.release()

        async with asyncio.TaskGroup() as starts:
            for task_id in ids:
                starts.create_task(start(task_id))
            for _ in range(COUNT // 5):
                await accepted.acquire()
            await asyncio.to_thread(FAULTS[fault])

        states = [await users.finished(f"task-{i}") for i in ids]

    assert [s["output"]["status"] for s in states] == ["completed"] * COUNT
    await asyncio.to_thread(access.wait_until_rolled_out)
    async with access.open_system() as system:
        assert sorted(await system.held(member)) == sorted(f"task-{i}:assign" for i in ids)
        told = [message["key"] for message in await system.inbox(member)]
    assert sorted(told) == sorted(f"task-{i}:notify" for i in ids)
