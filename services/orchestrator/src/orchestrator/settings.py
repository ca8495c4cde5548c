"""The orchestrator's settings."""

from pydantic import Field

from contracts.notifier import ChannelName
from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """How people are told, and how long peers may take."""

    app_port: int = 8000
    host_workflows: bool = Field(
        default=True, description="Whether workflows run here; without, only the API is served"
    )
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
    index_look_seconds: float = Field(
        default=5.0,
        gt=0,
        description="How long to wait, at least, between two looks at the ids of all instances",
    )
    index_round_seconds: float = Field(
        default=0.5, gt=0, description="How long to wait between two rounds of reading instances"
    )
    index_reads_per_round: int = Field(
        default=150, ge=1, description="How many instances one round reads at most"
    )
    index_concurrency: int = Field(
        default=4, ge=1, le=64, description="How many instances are read at once"
    )
