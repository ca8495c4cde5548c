"""Counts running instances by version: `python -m orchestrator.engine.version_report`.

It runs beside the orchestrator, and reads from its sidecar. A version without instances can be
removed.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import NamedTuple

from dapr.ext.workflow.aio import DaprWorkflowClient
from grpc.aio import AioRpcError

from orchestrator.dapr_sdk.channels import sidecar_channel, workflow_client
from orchestrator.dapr_sdk.management import Management
from orchestrator.schemas.workflows import TERMINAL
from orchestrator.settings import Settings

UNREADABLE = "UNREADABLE"


class Instance(NamedTuple):
    """An instance, and the version that it began with: '-' where its workflow has none."""

    instance_id: str
    workflow: str
    version: str
    status: str


async def instances(client: DaprWorkflowClient, management: Management) -> AsyncIterator[Instance]:
    """Yield every instance, child workflows included.

    Args:
        client: Lists them.
        management: Reads each.
    """
    async for instance_id in client.iter_workflow_instance_ids():
        found = await _instance(management, instance_id)
        if found is not None:
            yield found


async def _instance(management: Management, instance_id: str) -> Instance | None:
    try:
        found = await management.get_workflow_state(instance_id, payloads=False)
    except AioRpcError:
        # What a timer without its code left cannot be read: see docs/changing-a-workflow.md.
        return Instance(instance_id, "-", "-", UNREADABLE)
    if found is None:  # purged since it was listed
        return None
    return Instance(instance_id, found.name, found.version or "-", found.status)


async def report(settings: Settings) -> list[str]:
    """Return a line for each workflow, version and status of instances that have not ended.

    Args:
        settings: Where the sidecar listens.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    ended = {str(status) for status in TERMINAL}
    async with sidecar_channel(settings) as channel:
        management = Management(channel, settings.dapr_api_token)
        found = instances(workflow_client(settings), management)
        async for _, workflow, version, status in found:
            if status not in ended:
                counts[workflow, version, status] += 1
    return [
        f"{workflow:<32} {version:<8} {status:<10} {count:>6}"
        for (workflow, version, status), count in sorted(counts.items())
    ]


def main() -> None:
    """Print the report."""
    lines = asyncio.run(report(Settings()))
    heading = f"{'WORKFLOW':<32} {'VERSION':<8} {'STATUS':<10} {'COUNT':>6}"
    print("\n".join([heading, *lines]))  # noqa: T201 - it is a command


if __name__ == "__main__":
    main()
