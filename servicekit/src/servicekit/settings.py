"""Settings that all services read from the environment."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode

from servicekit.deadlines import CallLimits


def _split(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",")] if value.strip() else []


HostName = Annotated[str, Field(pattern=r"^(\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)$")]
Origin = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9._:\[\]-]+$")]


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
    read_timeout_seconds: float = Field(
        default=5.0, gt=0, description="Timeout of a call to the sidecar that only reads"
    )
    operation_timeout_seconds: float = Field(
        default=10.0, gt=0, description="Timeout of a call to the sidecar that changes something"
    )
    request_timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        description="Timeout of a whole request, after which it is answered 503; an event stream "
        "must begin within it",
    )
    max_body_bytes: int = Field(
        default=65_536, ge=1024, description="The largest request body that is read"
    )
    max_json_depth: int = Field(
        default=32,
        ge=1,
        # From 255 on, Pydantic does not serialize what it has accepted.
        le=200,
        description="How deep arrays and objects of a request body may be nested",
    )
    allowed_hosts: Annotated[list[HostName], NoDecode, BeforeValidator(_split)] = Field(
        default=["localhost", "*.localhost", "*.svc", "*.svc.cluster.local"],
        description="Host names that requests may be for, with commas between them; `*.example.com`"
        " stands for every name below it, `*` for every name. IP addresses, and names without a "
        "dot, are always allowed: no page of another site can have them",
    )
    trusted_origins: Annotated[list[Origin], NoDecode, BeforeValidator(_split)] = Field(
        default=[],
        description="Origins, such as `https://portal.example.com`, whose pages may send requests "
        "that change something, besides those of the service itself; with commas between them",
    )
    root_path: str = Field(
        default="",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        max_length=200,
        description="The prefix, such as `/taskway`, below which a proxy publishes the service, "
        "whether or not it strips it; by default the `X-Forwarded-Prefix` that the proxy sends",
    )
    records_kept_days: int = Field(
        default=90,
        ge=37,
        le=36_500,
        description="Days that what was written for an instance is kept since its last write; more "
        "than the 30 days that a failed instance is kept by default, and a week for its repair",
    )

    idempotency_key_hours: float = Field(
        default=24.0,
        gt=0,
        le=24 * 90,
        description="Hours that the answer to a request with an Idempotency-Key is kept",
    )

    @property
    def records_kept(self) -> timedelta:
        """How long what was written for an instance is kept."""
        return timedelta(days=self.records_kept_days)

    @property
    def call_limits(self) -> CallLimits:
        """How long calls to the sidecar may take."""
        return CallLimits(self.read_timeout_seconds, self.operation_timeout_seconds)

    @property
    def sidecar_url(self) -> str:
        """The base URL of the sidecar's HTTP API."""
        return f"http://127.0.0.1:{self.dapr_http_port}"
