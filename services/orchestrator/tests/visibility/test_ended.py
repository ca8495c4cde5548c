"""The metrics of what ended have a bounded set of labels."""

import pytest
from unit_support.catalogue import CATALOGUE
from unit_support.entries import entry

from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.visibility.ended import EndedInstances

LABELS = [
    ("task", "failed", "failed"),
    ("order", "compensated", "compensated"),
    ("monitor", "stopped", "stopped"),
    # Of another workflow, of a former model, of a workflow that has none, and of a child.
    ("task", "compensated", "other"),
    ("task", "a1b2c3", "other"),
    ("hello", "failed", "other"),
    ("hello_child_workflow", "completed", "other"),
    ("hello", None, ""),
]


@pytest.mark.parametrize(("workflow", "outcome", "label"), LABELS)
def test_an_outcome_is_a_label_where_its_workflow_declares_it(
    workflow: str, outcome: str | None, label: str
) -> None:
    ended = entry(workflow=workflow, status=RuntimeStatus.COMPLETED, outcome=outcome)
    assert EndedInstances(CATALOGUE).label(ended) == label
