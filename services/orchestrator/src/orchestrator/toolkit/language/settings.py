"""The settings of the language port."""

from typing import Self

from pydantic import Field, HttpUrl, SecretStr, model_validator

from orchestrator.toolkit.workflow_settings import WorkflowSettings


class LanguageSettings(WorkflowSettings):
    """A language model behind an API; rules where there is none."""

    language_url: HttpUrl | None = Field(
        default=None,
        description="The base of an API with `/chat/completions` as OpenAI's; rules without it",
    )
    language_model: str = Field(default="", description="Which model to ask there")
    language_api_key: SecretStr | None = None
    language_timeout_seconds: float = Field(
        default=30.0, gt=0, description="How long one answer of the model may take"
    )

    @model_validator(mode="after")
    def _model_is_named(self) -> Self:
        if self.language_url is not None and not self.language_model:
            raise ValueError("language_url needs language_model")
        return self
