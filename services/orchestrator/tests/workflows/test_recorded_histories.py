"""Instances that real engines ran replay to the same decisions by today's code.

Where one of them no longer does, instances of that age that still wait would break: the change
needs a patch or a version, see docs/changing-a-workflow.md. `RECORD=1` with
tests/e2e/test_histories.py records them anew.
"""

from pathlib import Path

import pytest

from orchestrator.testing.replay import load, replay
from orchestrator.workflows.registrations import WORKFLOWS

DEFINITIONS = [workflow.definition for workflow in WORKFLOWS]
RECORDED = Path(__file__).parents[1] / "histories"
FILES = sorted(path.stem for path in RECORDED.glob("*.json"))


@pytest.mark.parametrize("name", FILES)
def test_a_recorded_history_replays(name: str) -> None:
    instance_id, history = load(RECORDED / f"{name}.json")
    replay(DEFINITIONS, instance_id, history)


@pytest.mark.parametrize("workflow", [d.name for d in DEFINITIONS])
def test_every_workflow_has_a_recorded_history(workflow: str) -> None:
    assert [name for name in FILES if name.startswith(f"{workflow}-")]
