"""Records the histories of a workflow's samples: `make record WORKFLOW=leave`.

Samples that have a recorded history are left out; delete the file to record one anew.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from orchestrator.workflows.registrations import WORKFLOWS
from stack import Stack, StackOptions
from support.histories import record, unrecorded
from support.stacks import connect_stack


async def main() -> None:
    """Start a stack with an empty store, run the samples, and write their histories."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workflow", choices=[w.definition.name for w in WORKFLOWS])
    workflow = parser.parse_args().workflow
    if not unrecorded(workflow):
        print(f"Every sample of {workflow} has a recorded history.")
        return
    with tempfile.TemporaryDirectory() as folder:
        async with (
            Stack(StackOptions(Path(folder), report=print)) as stack,
            connect_stack(stack) as system,
        ):
            print(f"Running the samples of {workflow} …")
            for file in await record(stack, system, workflow):
                print(f"Recorded {file}")


if __name__ == "__main__":
    asyncio.run(main())
