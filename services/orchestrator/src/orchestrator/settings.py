"""The orchestrator's settings."""

from pydantic import Field

from contracts.notifier import ChannelName
from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """What the whole service depends on; each workflow has its own, see its package."""

    app_port: int = 8000
    host_workflows: bool = Field(
        default=True, description="Whether workflows run here; without, only the API is served"
    )
    actor_port: int = Field(
        default=50010,
        description="Where the sidecar calls the application when a schedule is due",
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
    jaeger_url: str | None = Field(
        default=None, description="Where Jaeger's page is, for links to traces"
    )
    web_timeout_seconds: float = Field(
        default=10.0, gt=0, description="How long an address outside the system may take"
    )
    history_cache_max_bytes: int = Field(
        default=32 * 1024 * 1024,
        ge=0,
        description="How much the worker keeps of the histories of instances that have not ended, "
        "so that a sidecar of Dapr 1.19 sends it only what is new; 0 keeps none",
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
