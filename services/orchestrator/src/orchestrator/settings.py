"""The orchestrator's settings."""

from pathlib import Path
from typing import Self

from pydantic import Field, HttpUrl, SecretStr, model_validator

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
    language_url: HttpUrl | None = Field(
        default=None,
        description="The base of an API with `/chat/completions` as OpenAI's; rules without it",
    )
    language_model: str = Field(default="", description="Which model to ask there")
    language_api_key: SecretStr | None = None
    language_timeout_seconds: float = Field(
        default=30.0, gt=0, description="How long one answer of the model may take"
    )

    document_classes_file: Path = Field(
        default=Path(__file__).parent / "adapters/documents/classes.json",
        description="By which words document batches tell documents apart",
    )

    @model_validator(mode="after")
    def _model_is_named(self) -> Self:
        if self.language_url is not None and not self.language_model:
            raise ValueError("language_url needs language_model")
        return self
