"""What monitors contribute to the orchestrator."""

from orchestrator.toolkit.catalogue import HostedWorkflow
from orchestrator.workflows.monitor.activities import activities, check_request, max_active
from orchestrator.workflows.monitor.settings import MonitorSettings
from orchestrator.workflows.monitor.workflow import DEFINITION

WORKFLOW = HostedWorkflow(
    definition=DEFINITION,
    activities=activities,
    settings=(MonitorSettings,),
    check_request=check_request,
    max_active=max_active,
)
