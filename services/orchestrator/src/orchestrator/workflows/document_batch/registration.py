"""What document batches contribute to the orchestrator."""

from orchestrator.toolkit.catalogue import HostedWorkflow
from orchestrator.toolkit.language.settings import LanguageSettings
from orchestrator.workflows.document_batch.activities import activities
from orchestrator.workflows.document_batch.routes import router
from orchestrator.workflows.document_batch.settings import DocumentBatchSettings
from orchestrator.workflows.document_batch.workflow import DEFINITION

WORKFLOW = HostedWorkflow(
    definition=DEFINITION,
    activities=activities,
    settings=(
        DocumentBatchSettings,
        LanguageSettings,
    ),
    routers=(router,),
)
