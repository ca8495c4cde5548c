"""Every workflow that the orchestrator hosts: one line each."""

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.activities import hello as hello_activities
from orchestrator.activities import onboarding as onboarding_activities
from orchestrator.activities import purchase as purchase_activities
from orchestrator.activities import task_processing as task_processing_activities
from orchestrator.ports import Activities, Ports
from orchestrator.workflows import hello, onboarding, purchase_approval, task_processing
from orchestrator.workflows.definition import Definition


@dataclass(frozen=True)
class Entry:
    """A workflow, and the activities that it has to itself."""

    definition: Definition
    activities: Callable[[Ports], Activities]


CATALOGUE = (
    Entry(task_processing.DEFINITION, task_processing_activities.activities),
    Entry(hello.DEFINITION, hello_activities.activities),
    Entry(purchase_approval.DEFINITION, purchase_activities.activities),
    Entry(onboarding.DEFINITION, onboarding_activities.activities),
)


def definitions() -> list[Definition]:
    """Return what every workflow says about itself."""
    return [entry.definition for entry in CATALOGUE]


def definition_of(workflow_name: str) -> Definition | None:
    """Return the definition of a workflow by Dapr's name; None for a child, or what is not ours."""
    return next((d for d in definitions() if d.workflow_name == workflow_name), None)
