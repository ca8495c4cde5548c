"""What orders contribute to the orchestrator."""

from orchestrator.toolkit.catalogue import HostedWorkflow
from orchestrator.workflows.order.activities import activities
from orchestrator.workflows.order.adapters.compensations import COMPENSATIONS
from orchestrator.workflows.order.routes import router
from orchestrator.workflows.order.settings import OrderSettings
from orchestrator.workflows.order.workflow import DEFINITION

WORKFLOW = HostedWorkflow(
    definition=DEFINITION,
    activities=activities,
    settings=(OrderSettings,),
    routers=(router,),
    compensations=COMPENSATIONS,
)
