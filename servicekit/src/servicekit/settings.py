"""Settings that all services read from the environment."""

from datetime import timedelta
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class ServiceSettings(BaseSettings):
    """The addresses of a service and its sidecar, its tokens, logs, shutdown and limits."""

    app_host: str = "127.0.0.1"
    app_port: int = 8000
    dapr_http_port: int = 3500
    dapr_grpc_port: int = 50001
    dapr_api_token: str | None = None
    """The token that the sidecar requires of the application; the SDK reads the same variable."""
    app_api_token: str | None = None
    """The token that the application requires of callers; the sidecar adds it to each request."""
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        description="Seconds between SIGTERM and the end of the listener, while it is not ready",
    )
    shutdown_seconds: int = Field(
        default=10, ge=1, description="Seconds that requests in flight may take after that"
    )
    max_body_bytes: int = Field(default=65_536, ge=1024)
    records_kept_days: int = Field(
        default=90,
        ge=37,
        le=36_500,
        description="Days that what was written for an instance is kept since its last write; more "
        "than the 30 days that the engine keeps a failed instance, and a week for its repair",
    )

    @property
    def records_kept(self) -> timedelta:
        """How long what was written for an instance is kept."""
        return timedelta(days=self.records_kept_days)

    @property
    def sidecar_url(self) -> str:
        """The base URL of the sidecar's HTTP API."""
        return f"http://127.0.0.1:{self.dapr_http_port}"
