"""Shows with which code the instances that have not ended began: `python -m orchestrator.versions`.

It runs where the orchestrator runs, and asks its sidecar. What nothing began with can be removed.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import NamedTuple

import grpc

from contracts.orchestrator import TERMINAL
from orchestrator.durabletask import protos
from orchestrator.management import Management
from orchestrator.settings import Settings

UNREADABLE = "UNREADABLE"


class Instance(NamedTuple):
    """An instance, and the code that it began with: '-' where there is only one."""

    instance_id: str
    workflow: str
    version: str
    status: str


async def instances(channel: grpc.aio.Channel) -> AsyncIterator[Instance]:
    """Yield every instance, child workflows included.

    Args:
        channel: One to the sidecar's gRPC port.
    """
    management = Management(channel)
    async for page in management.list_workflow_instance_ids():
        for instance_id in page:
            found = await _instance(management, instance_id)
            if found is not None:
                yield found


async def _instance(management: Management, instance_id: str) -> Instance | None:
    try:
        found = await management.get_workflow_state(instance_id, payloads=False)
    except grpc.aio.AioRpcError:
        # A read while it is being saved; or what a timer without its code left, see
        # docs/changing-a-workflow.md.
        return Instance(instance_id, "-", "-", UNREADABLE)
    if found is None:  # purged since it was listed
        return None
    status = protos.OrchestrationStatus.Name(found.workflowStatus)
    return Instance(
        instance_id,
        found.name,
        found.version.value or "-",
        status.removeprefix("ORCHESTRATION_STATUS_"),
    )


async def report(address: str) -> list[str]:
    """Return a line for each workflow, version and status of what has not ended.

    Args:
        address: The sidecar's gRPC port, as host:port.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    ended = {str(status) for status in TERMINAL}
    async with grpc.aio.insecure_channel(address) as channel:
        async for _, workflow, version, status in instances(channel):
            if status not in ended:
                counts[workflow, version, status] += 1
    return [
        f"{workflow:<32} {version:<8} {status:<10} {count:>6}"
        for (workflow, version, status), count in sorted(counts.items())
    ]


def main() -> None:
    """Print the report."""
    lines = asyncio.run(report(f"127.0.0.1:{Settings().dapr_grpc_port}"))
    heading = f"{'WORKFLOW':<32} {'VERSION':<8} {'STATUS':<10} {'COUNT':>6}"
    print("\n".join([heading, *lines]))  # noqa: T201 - it is a command


if __name__ == "__main__":
    main()
