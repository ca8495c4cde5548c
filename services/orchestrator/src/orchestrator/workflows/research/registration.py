"""What research contributes to the orchestrator."""

from orchestrator.toolkit.catalogue import HostedWorkflow
from orchestrator.toolkit.language.settings import LanguageSettings
from orchestrator.workflows.research.activities import activities
from orchestrator.workflows.research.routes import NOTES_TAG, notes_router, router
from orchestrator.workflows.research.settings import ResearchSettings
from orchestrator.workflows.research.workflow import DEFINITION

WORKFLOW = HostedWorkflow(
    definition=DEFINITION,
    activities=activities,
    settings=(
        ResearchSettings,
        LanguageSettings,
    ),
    routers=(
        router,
        notes_router,
    ),
    tags=(NOTES_TAG,),
)
