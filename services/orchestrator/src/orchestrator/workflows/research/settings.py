"""The settings of research."""

from pydantic import Field, HttpUrl

from orchestrator.toolkit.workflow_settings import WorkflowSettings


class ResearchSettings(WorkflowSettings):
    """Where to search the web, and how long a review may take."""

    search_url: HttpUrl | None = Field(
        default=None,
        description="A search engine with SearXNG's JSON API: research searches the web as well",
    )
    research_review_seconds: float = Field(
        default=604_800.0,
        gt=0,
        le=31_536_000,
        description="How long a reviewer may take for one draft of a research report",
    )
