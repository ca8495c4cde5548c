"""The settings of document batches."""

from pathlib import Path

from pydantic import Field

from orchestrator.toolkit.workflow_settings import WorkflowSettings


class DocumentBatchSettings(WorkflowSettings):
    """How documents are classified."""

    document_classes_file: Path = Field(
        default=Path(__file__).parent / "adapters/classes.json",
        description="The terms by which documents are classified",
    )
