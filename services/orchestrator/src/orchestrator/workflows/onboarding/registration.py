"""What onboarding contributes to the orchestrator."""

from orchestrator.toolkit.catalogue import HostedWorkflow
from orchestrator.workflows.onboarding.activities import activities
from orchestrator.workflows.onboarding.routes import router
from orchestrator.workflows.onboarding.settings import OnboardingSettings
from orchestrator.workflows.onboarding.workflow import DEFINITION

WORKFLOW = HostedWorkflow(
    definition=DEFINITION,
    activities=activities,
    settings=(OnboardingSettings,),
    routers=(router,),
)
