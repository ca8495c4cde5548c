"""The engine's history of each sample replays to the same decisions by today's code.

`make record WORKFLOW=…` keeps the histories of a new workflow or sample, and `RECORD=1` with these
tests records all of them anew, for a unit test to replay against all later code.
"""

import os
from pathlib import Path

import pytest

from orchestrator.testing.replay import load, save
from stack import Stack
from support.histories import RECORDED, history_file, record, replayed_history
from support.samples import SAMPLES, Ended
from support.system import System


@pytest.mark.parametrize(("workflow", "sample"), SAMPLES)
async def test_a_history_replays(stack: Stack, ended: Ended, workflow: str, sample: str) -> None:
    state = ended[workflow, sample]
    assert not isinstance(state, BaseException), state
    instance = state["instance_id"]
    history = await replayed_history(stack, instance)
    if os.environ.get("RECORD"):
        save(history_file(RECORDED, workflow, sample), instance, history)


async def test_samples_without_a_recorded_history_are_recorded(
    stack: Stack, system: System, tmp_path: Path
) -> None:
    kept = history_file(tmp_path, "task", "completed")
    kept.write_text("an older history")
    new = history_file(tmp_path, "task", "by skills")
    assert new in await record(stack, system, "task", tmp_path)
    assert kept.read_text() == "an older history"
    instance, history = load(new)
    assert instance.startswith("task-")
    assert history
    assert await record(stack, system, "task", tmp_path) == []
