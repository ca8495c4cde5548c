"""The cluster's node, a container of Docker's: the processes of its containers and its kubelet."""

import asyncio
import os
from collections.abc import Iterable, Mapping

from support.fault_suite.fault import FaultNotOver

NODE = os.environ.get("TASKWAY_NODE", "taskway-control-plane")
# A sidecar's image has no shell, and the first process of a container is deaf to signals from
# inside. Its control group names the container, in either version of them.
PIDS = "grep -l {id} /proc/[0-9]*/cgroup 2>/dev/null | cut -d/ -f3"


async def signal_containers(name: str, identities: Iterable[str]) -> None:
    """Send a signal to every process of containers.

    Raises:
        FaultNotOver: There was no such process.
    """
    pids = "; ".join(PIDS.format(id=identity) for identity in identities)
    await run_on_node(f"kill -{name} $({pids})")


async def kubelet_pid() -> str:
    """Return the process id of the kubelet; 0 where it does not run."""
    return (await run_on_node("systemctl show -p MainPID --value kubelet")).strip()


async def memory_mib(identities: Mapping[str, str]) -> dict[str, float]:
    """Return the resident memory of containers in MiB, by their names.

    Args:
        identities: The id of each.
    """
    found: dict[str, float] = {}
    for name, identity in identities.items():
        pids = PIDS.format(id=identity)
        lines = await run_on_node(f"for p in $({pids}); do grep VmRSS /proc/$p/status; done; true")
        kib = sum(int(line.split()[1]) for line in lines.splitlines())
        found[name] = round(kib / 1024, 1)
    return found


async def run_on_node(script: str) -> str:
    """Run a script on the node, and return what it prints.

    Raises:
        FaultNotOver: It failed.
    """
    process = await asyncio.create_subprocess_exec(
        *("docker", "exec", NODE, "sh", "-c", script),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate()
    if process.returncode:
        raise FaultNotOver(f"{script}: {error.decode().strip()}")
    return out.decode()
