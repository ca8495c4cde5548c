"""The settings of document batches."""

from pathlib import Path

from pydantic import Field

from orchestrator.toolkit.workflow_settings import WorkflowSettings
from orchestrator.workflows.document_batch.adapters.library import DOCUMENTS_QUOTA


class DocumentBatchSettings(WorkflowSettings):
    """How documents are classified, and how many are kept."""

    documents_quota: int = Field(
        default=DOCUMENTS_QUOTA,
        ge=1,
        le=10_000,
        description="The most documents that are kept; of more, 429 until one is deleted",
    )
    document_classes_file: Path = Field(
        default=Path(__file__).parent / "adapters/classes.json",
        description="The terms by which documents are classified",
    )
