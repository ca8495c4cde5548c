"""Every workflow that the orchestrator hosts: one line each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.problems import FieldError
from orchestrator.settings import Settings
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.dependencies import Activities, Ports
from orchestrator.workflows.application import activities as application_activities
from orchestrator.workflows.application import workflow as application
from orchestrator.workflows.document_batch import activities as batch_activities
from orchestrator.workflows.document_batch import workflow as batch
from orchestrator.workflows.hello import activities as hello_activities
from orchestrator.workflows.hello import workflow as hello
from orchestrator.workflows.monitor import activities as monitor_activities
from orchestrator.workflows.monitor import workflow as monitor
from orchestrator.workflows.onboarding import activities as onboarding_activities
from orchestrator.workflows.onboarding import workflow as onboarding
from orchestrator.workflows.order import activities as order_activities
from orchestrator.workflows.order import workflow as order
from orchestrator.workflows.purchase import activities as purchase_activities
from orchestrator.workflows.purchase import workflow as purchase_approval
from orchestrator.workflows.research import activities as research_activities
from orchestrator.workflows.research import workflow as research
from orchestrator.workflows.task import activities as task_processing_activities
from orchestrator.workflows.task import workflow as task_processing
from orchestrator.workflows.tracked_task import activities as tracked_task_activities
from orchestrator.workflows.tracked_task import workflow as tracked_task


@dataclass(frozen=True)
class Entry:
    """A workflow, and what it has to itself.

    Args:
        definition: What it says about itself.
        activities: Makes its activities.
        refusal: Says which field of a request is at fault by the settings, where its form is right.
    """

    definition: Definition
    activities: Callable[[Ports], Activities]
    refusal: Callable[[Any, Settings], FieldError | None] | None = None


CATALOGUE: tuple[Entry, ...] = (
    Entry(task_processing.DEFINITION, task_processing_activities.activities),
    Entry(hello.DEFINITION, hello_activities.activities),
    Entry(order.DEFINITION, order_activities.activities),
    Entry(purchase_approval.DEFINITION, purchase_activities.activities),
    Entry(batch.DEFINITION, batch_activities.activities),
    Entry(monitor.DEFINITION, monitor_activities.activities, monitor_activities.refusal),
    Entry(onboarding.DEFINITION, onboarding_activities.activities),
    Entry(application.DEFINITION, application_activities.activities),
    Entry(research.DEFINITION, research_activities.activities),
    Entry(tracked_task.DEFINITION, tracked_task_activities.activities),
)


_BY_NAME = {entry.definition.name: entry.definition for entry in CATALOGUE}
_BY_WORKFLOW_NAME = {entry.definition.workflow_name: entry.definition for entry in CATALOGUE}


def definitions() -> list[Definition]:
    """Return what every workflow says about itself."""
    return [entry.definition for entry in CATALOGUE]


def definition_of(workflow_name: str) -> Definition | None:
    """Return the definition of a workflow by Dapr's name; None for a child, or what is not ours."""
    return _BY_WORKFLOW_NAME.get(workflow_name)


def definition_named(name: str) -> Definition | None:
    """Return the definition of a workflow by its short name."""
    return _BY_NAME.get(name)


def workflow_of(instance_id: str) -> str:
    """Return the workflow that an instance's id begins with; a child's begins with its parent's."""
    return instance_id.partition("-")[0]


def refusal_of(definition: Definition, request: Any, settings: Settings) -> FieldError | None:
    """Return which field of a request to start a workflow is at fault by the settings, if any."""
    entry = next(entry for entry in CATALOGUE if entry.definition is definition)
    return entry.refusal(request, settings) if entry.refusal else None
