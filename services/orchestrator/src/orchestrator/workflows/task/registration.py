"""What task processing contributes to the orchestrator."""

from orchestrator.toolkit.catalogue import HostedWorkflow
from orchestrator.workflows.task.activities import activities
from orchestrator.workflows.task.workflow import DEFINITION

WORKFLOW = HostedWorkflow(
    definition=DEFINITION,
    activities=activities,
)
