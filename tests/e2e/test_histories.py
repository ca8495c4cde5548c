"""What the engine wrote down of each sample replays to the same decisions by today's code.

With `RECORD=1` the histories are kept, for `services/orchestrator/tests/test_recorded_histories.py`
to replay against all later code.
"""

import os
from pathlib import Path

import pytest

from orchestrator.testing.replay import replay, save
from orchestrator.workflows.registrations import WORKFLOWS
from stack import Stack
from support.engine import management
from support.samples import SAMPLES, Ended

RECORDED = Path(__file__).parents[2] / "services/orchestrator/tests/histories"


@pytest.mark.parametrize(("workflow", "sample"), SAMPLES)
async def test_a_history_replays(stack: Stack, ended: Ended, workflow: str, sample: str) -> None:
    state = ended[workflow, sample]
    assert not isinstance(state, BaseException), state
    instance = state["instance_id"]
    async with management(stack) as engine:
        history = await engine.get_workflow_history(instance)
    replay([w.definition for w in WORKFLOWS], instance, history)
    if os.environ.get("RECORD"):
        name = f"{workflow}-{sample}".replace(" ", "-")
        save(RECORDED / f"{name}.json", instance, history)
