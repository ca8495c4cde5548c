"""What hello contributes to the orchestrator."""

from orchestrator.toolkit.catalogue import HostedWorkflow
from orchestrator.workflows.hello.activities import activities
from orchestrator.workflows.hello.routes import router
from orchestrator.workflows.hello.workflow import DEFINITION

WORKFLOW = HostedWorkflow(
    definition=DEFINITION,
    activities=activities,
    routers=(router,),
)
