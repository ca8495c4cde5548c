"""The settings of monitors."""

from pydantic import Field, field_validator

from orchestrator.toolkit.workflow_settings import WorkflowSettings
from orchestrator.workflows.monitor.adapters.ssrf_guard import AllowList


class MonitorSettings(WorkflowSettings):
    """How many monitors there may be, how often they check, and which internal addresses."""

    monitor_interval_seconds: float = Field(
        default=60.0, gt=0, description="Between checks while healthy"
    )
    monitor_retry_seconds: float = Field(
        default=5.0, gt=0, description="Between checks while unhealthy"
    )
    monitor_max_active: int = Field(
        default=100, ge=1, description="The most active monitors; another one is refused with 429"
    )
    monitor_min_seconds: int = Field(
        default=1,
        ge=1,
        le=86_400,
        description="The shortest pause between checks that a request may ask for",
    )
    monitor_allow: str = Field(
        default="",
        description="Internal addresses that may be monitored: networks, and hosts with a port, "
        "such as `10.1.0.0/16, localhost:8000`",
    )

    @field_validator("monitor_allow")
    @classmethod
    def _is_parsable(cls, text: str) -> str:
        AllowList.parse(text)
        return text
