"""What applications contribute to the orchestrator."""

from orchestrator.toolkit.catalogue import HostedWorkflow
from orchestrator.workflows.application.activities import activities
from orchestrator.workflows.application.routes import router
from orchestrator.workflows.application.settings import ApplicationSettings
from orchestrator.workflows.application.workflow import DEFINITION

WORKFLOW = HostedWorkflow(
    definition=DEFINITION,
    activities=activities,
    settings=(ApplicationSettings,),
    routers=(router,),
)
