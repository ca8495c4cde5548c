"""The settings of monitors."""

from pydantic import Field, field_validator

from orchestrator.toolkit.workflow_settings import WorkflowSettings
from orchestrator.workflows.monitor.adapters.web_guard import AllowList


class MonitorSettings(WorkflowSettings):
    """How often addresses are checked, and which internal ones may be."""

    monitor_interval_seconds: float = Field(
        default=60.0, gt=0, description="Between the checks of a healthy address"
    )
    monitor_retry_seconds: float = Field(
        default=5.0, gt=0, description="Between the checks of an address that is not"
    )
    monitor_allow: str = Field(
        default="",
        description="Internal addresses that may be watched all the same: networks, and hosts "
        "with a port, such as `10.1.0.0/16, localhost:8000`",
    )

    @field_validator("monitor_allow")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        AllowList.parse(text)
        return text
