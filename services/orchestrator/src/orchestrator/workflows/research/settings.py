"""The settings of research."""

from pydantic import Field, HttpUrl

from orchestrator.toolkit.workflow_settings import WorkflowSettings
from orchestrator.workflows.research.knowledge import NOTES_QUOTA


class ResearchSettings(WorkflowSettings):
    """Where to search the web, and how long a review may take."""

    search_url: HttpUrl | None = Field(
        default=None,
        description="A search engine with SearXNG's JSON API: research searches the web as well",
    )
    notes_quota: int = Field(
        default=NOTES_QUOTA,
        ge=1,
        le=10_000,
        description="The most notes that are kept; of more, 429 until one is deleted",
    )
    research_review_seconds: float = Field(
        default=604_800.0,
        gt=0,
        le=31_536_000,
        description="How long a reviewer may take for one draft of a research report",
    )
