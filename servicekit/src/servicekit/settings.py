"""Settings that all services read from the environment."""

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

    @property
    def sidecar_url(self) -> str:
        """The base URL of the sidecar's HTTP API."""
        return f"http://127.0.0.1:{self.dapr_http_port}"
