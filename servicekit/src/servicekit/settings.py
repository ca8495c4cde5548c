"""Settings that every service takes from its environment."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class ServiceSettings(BaseSettings):
    """Where a service listens, where its sidecar is, and how it logs and stops."""

    app_host: str = "127.0.0.1"
    app_port: int = 8000
    dapr_http_port: int = 3500
    dapr_grpc_port: int = 50001
    dapr_api_token: str | None = None
    """What the sidecar asks of the application; the SDK reads the same variable."""
    app_api_token: str | None = None
    """What the application asks of its callers; the sidecar adds it to what it forwards."""
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        description="How long to answer 'not ready' before the listener closes on SIGTERM",
    )
    shutdown_seconds: int = Field(
        default=10, ge=1, description="How long requests in flight may take to end after that"
    )
    max_body_bytes: int = Field(default=65_536, ge=1024)

    @property
    def sidecar_url(self) -> str:
        """The sidecar's HTTP API."""
        return f"http://127.0.0.1:{self.dapr_http_port}"
