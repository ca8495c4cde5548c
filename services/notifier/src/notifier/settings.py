"""The notifier's settings."""

from typing import Literal

from pydantic import Field

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
    smtp_timeout_seconds: float = Field(default=10.0, gt=0)
    email_sender: str = "taskway@localhost"
