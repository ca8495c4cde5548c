"""What purchase approval contributes to the orchestrator."""

from orchestrator.toolkit.catalogue import HostedWorkflow
from orchestrator.workflows.purchase.activities import activities
from orchestrator.workflows.purchase.settings import PurchaseSettings
from orchestrator.workflows.purchase.workflow import DEFINITION

WORKFLOW = HostedWorkflow(
    definition=DEFINITION,
    activities=activities,
    settings=(PurchaseSettings,),
)
