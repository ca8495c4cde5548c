"""The orchestrator's settings."""

from pathlib import Path

from pydantic import Field, field_validator

from contracts.notifier import ChannelName
from orchestrator.adapters.web_guard import AllowList
from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """How people are told, and how long peers may take."""

    app_port: int = 8000
    notification_channel: ChannelName = ChannelName.INBOX
    peer_timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        description="How long one call to a peer may take, the sidecar's own retries included",
    )
    start_timeout_seconds: float = Field(
        default=10.0, gt=0, description="How long a start may take before the caller hears 503"
    )
    web_timeout_seconds: float = Field(
        default=10.0, gt=0, description="How long an address outside the system may take"
    )
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
    application_rules_file: Path = Path(__file__).parent / "application_rules.json"
    """How applications are scored."""

    @field_validator("monitor_allow")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        AllowList.parse(text)
        return text
