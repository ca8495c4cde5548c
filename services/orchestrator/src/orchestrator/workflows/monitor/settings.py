"""The settings of monitors."""

from pydantic import Field, field_validator

from orchestrator.toolkit.workflow_settings import WorkflowSettings
from orchestrator.workflows.monitor.adapters.ssrf_guard import AllowList


class MonitorSettings(WorkflowSettings):
    """How often addresses are checked, and which internal ones are allowed."""

    monitor_interval_seconds: float = Field(
        default=60.0, gt=0, description="Between checks while healthy"
    )
    monitor_retry_seconds: float = Field(
        default=5.0, gt=0, description="Between checks while unhealthy"
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
