"""The orchestrator's settings."""

from pathlib import Path

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
    goods_file: Path = Path(__file__).parent / "goods.json"
    """What the shop of the orders sells, and how much of it its stock opens with."""
    wallet_credit_minor_units: int = Field(
        default=100_000, ge=0, description="What a customer's wallet opens with, such as in cents"
    )
