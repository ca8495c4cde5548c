"""The orchestrator's settings."""

from pydantic import Field

from contracts.notifier import ChannelName
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
    purchase_limit_cents: int = Field(
        default=100_000, ge=0, description="From this price on, somebody must approve a purchase"
    )
    purchase_decide_within_seconds: int = Field(
        default=24 * 3600, ge=1, description="How long an approver has; a purchase may ask for less"
    )
    onboarding_collect_within_seconds: int = Field(
        default=7 * 24 * 3600, ge=1, description="How long a customer has to hand in the documents"
    )
    onboarding_verify_within_seconds: int = Field(
        default=2 * 24 * 3600, ge=1, description="How long the verification of an identity may take"
    )
    onboarding_remind_every_seconds: int = Field(
        default=12 * 3600, ge=1, description="How often whoever is to verify is reminded"
    )
