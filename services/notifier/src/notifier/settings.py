"""The notifier's settings."""

from typing import Literal

from pydantic import Field, field_validator

from notifier.addresses import address_of
from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """The mail server and the sender."""

    app_port: int = 8002
    inbox_kept_days: int = Field(
        default=90,
        ge=37,
        le=36_500,
        description="Days that a notification, and its message in an inbox, is kept",
    )
    smtp_host: str | None = Field(
        default=None, description="The mail server; without one, the e-mail channel is disabled"
    )
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str | None = None
    smtp_password: str | None = None
    smtp_timeout_seconds: float = Field(
        default=10.0, gt=0, description="Timeout of the connection, and of each reply"
    )
    smtp_delivery_seconds: float = Field(
        default=20.0,
        gt=0,
        description="Timeout of the delivery of one message; below the orchestrator's "
        "PEER_TIMEOUT_SECONDS, or its retry finds this one under way",
    )
    email_sender: str = Field(
        default="taskway@localhost",
        description="Whom e-mail is from: an address, or `Name <address>`",
    )

    @field_validator("email_sender")
    @classmethod
    def _check_sender(cls, sender: str) -> str:
        """Refuse at the start what would fail at every message."""
        address_of(sender)
        return sender
