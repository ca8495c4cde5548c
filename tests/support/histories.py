"""Records the histories of samples, which unit tests replay against all later code."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orchestrator.testing.replay import replay, save
from orchestrator.workflows.registrations import WORKFLOWS
from stack import Stack
from support.engine import management
from support.samples import SAMPLES, catalogue, run_sample
from support.system import System

RECORDED = Path(__file__).parents[2] / "services/orchestrator/tests/histories"


def history_file(directory: Path, workflow: str, sample: str) -> Path:
    """Return where the history of a sample is recorded."""
    return directory / f"{workflow}-{sample}.json".replace(" ", "-")


async def replayed_history(stack: Stack, instance: str) -> Sequence[Any]:
    """Return the history of an instance, which today's code replays to the same decisions.

    Raises:
        DecidesOtherwise: The code decides otherwise than its history says.
    """
    async with management(stack) as engine:
        history: Sequence[Any] = await engine.get_workflow_history(instance)
    replay([workflow.definition for workflow in WORKFLOWS], instance, history)
    return history


def unrecorded(workflow: str, directory: Path = RECORDED) -> dict[str, Path]:
    """Return the samples of a workflow without a recorded history, with the files for theirs."""
    samples = (sample for name, sample in SAMPLES if name == workflow)
    files = {sample: history_file(directory, workflow, sample) for sample in samples}
    return {sample: file for sample, file in files.items() if not file.exists()}


async def record(
    stack: Stack, system: System, workflow: str, directory: Path = RECORDED
) -> list[Path]:
    """Run the samples of a workflow that have no recorded history, and write theirs.

    A recorded history is never written again: instances of its age may still wait.

    Args:
        stack: The processes.
        system: The APIs of that stack.
        workflow: The short name of the workflow.
        directory: Where histories are kept.

    Returns:
        The new files.

    Raises:
        AssertionError: A sample does not end as it says, or its history does not replay.
    """
    entry = (await catalogue(system))[workflow]
    missing = unrecorded(workflow, directory)
    # At once, for some of them rest.
    states = await asyncio.gather(*(run_sample(system, entry, sample) for sample in missing))
    for (sample, file), state in zip(missing.items(), states, strict=True):
        outcome = entry["samples"][sample]["outcome"]
        assert state["status"] == "COMPLETED", f"{sample}: {state['status']}, {state['error']}"
        assert outcome is None or state["output"]["status"] == outcome, f"{sample}: {state}"
        instance = state["instance_id"]
        save(file, instance, await replayed_history(stack, instance))
    return list(missing.values())
