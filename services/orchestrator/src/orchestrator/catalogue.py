"""Every workflow that the orchestrator hosts: one line each."""

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.activities import hello as hello_activities
from orchestrator.activities import task_processing as task_processing_activities
from orchestrator.ports import Activities, Ports
from orchestrator.workflows import hello, task_processing
from orchestrator.workflows.definition import Definition


@dataclass(frozen=True)
class Entry:
    """A workflow, and the activities that it has to itself."""

    definition: Definition
    activities: Callable[[Ports], Activities]


CATALOGUE = (
    Entry(task_processing.DEFINITION, task_processing_activities.activities),
    Entry(hello.DEFINITION, hello_activities.activities),
)


_BY_WORKFLOW_NAME = {entry.definition.workflow_name: entry.definition for entry in CATALOGUE}


def definitions() -> list[Definition]:
    """Return what every workflow says about itself."""
    return [entry.definition for entry in CATALOGUE]


def definition_of(workflow_name: str) -> Definition | None:
    """Return the definition of a workflow by Dapr's name; None for a child, or what is not ours."""
    return _BY_WORKFLOW_NAME.get(workflow_name)
