"""The settings of applications."""

from pathlib import Path

from pydantic import Field

from orchestrator.toolkit.workflow_settings import WorkflowSettings


class ApplicationSettings(WorkflowSettings):
    """How applications are scored."""

    application_rules_file: Path = Field(
        default=Path(__file__).parent / "application_rules.json",
        description="How applications are scored",
    )
