"""The orchestrator's settings."""

from pathlib import Path
from typing import Self

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from contracts.fields import Person
from contracts.notifier import ChannelName
from orchestrator.workflows.monitor.adapters.web_guard import AllowList
from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """How people are told, and how long peers may take."""

    app_port: int = 8000
    host_workflows: bool = Field(
        default=True, description="Whether workflows run here; without, only the API is served"
    )
    actor_port: int = Field(
        default=50010,
        description="Where the sidecar calls the application when a schedule is due",
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
    jaeger_url: str | None = Field(
        default=None, description="Where Jaeger's page is, for links to traces"
    )
    web_timeout_seconds: float = Field(
        default=10.0, gt=0, description="How long an address outside the system may take"
    )
    goods_file: Path = Path(__file__).parent / "workflows/order/goods.json"
    """What the shop of the orders sells, and how much of it its stock opens with."""
    wallet_credit_minor_units: int = Field(
        default=100_000, ge=0, description="What a customer's wallet opens with, such as in cents"
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
    search_url: HttpUrl | None = Field(
        default=None,
        description="A search engine that speaks SearXNG's JSON: research asks the web as well",
    )
    research_review_seconds: float = Field(
        default=604_800.0,
        gt=0,
        le=31_536_000,
        description="How long a reviewer may take for one draft of a research report",
    )
    document_classes_file: Path = Field(
        default=Path(__file__).parent / "workflows/document_batch/adapters/classes.json",
        description="By which words document batches tell documents apart",
    )
    actor_timeout_seconds: float = Field(
        default=5.0, gt=0, description="How long a call to a task's actor may take"
    )
    reminder_timeout_seconds: float = Field(
        default=2.0,
        gt=0,
        description="How long the actor tries to tell somebody; reads of the task wait meanwhile",
    )
    reminder_retry_seconds: float = Field(
        default=1.0, gt=0, description="How long after a failure a reminder fires again"
    )
    escalate_to: Person = Field(
        default="dana@example.com", description="Who is told of overdue tasks that name nobody"
    )
    tracked_limit_days: int = Field(
        default=400, ge=1, le=36_500, description="How long a tracked task may take at most"
    )
    ended_task_days: int = Field(
        default=30, ge=1, le=36_500, description="How long a tracked task is kept after its end"
    )
    monitor_interval_seconds: float = Field(
        default=60.0, gt=0, description="Between the checks of a healthy address"
    )
    monitor_retry_seconds: float = Field(
        default=5.0, gt=0, description="Between the checks of an address that is not"
    )
    monitor_allow: str = Field(
        default="",
        description="Internal addresses that may be watched all the same: networks, and hosts "
        "with a port, such as `10.1.0.0/16, localhost:8000`",
    )
    application_rules_file: Path = Field(
        default=Path(__file__).parent / "workflows/application/application_rules.json",
        description="How applications are scored",
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
    history_cache_max_bytes: int = Field(
        default=32 * 1024 * 1024,
        ge=0,
        description="How much the worker keeps of the histories of instances that have not ended, "
        "so that a sidecar of Dapr 1.19 sends it only what is new; 0 keeps none",
    )
    index_look_seconds: float = Field(
        default=5.0,
        gt=0,
        description="How long to wait, at least, between two looks at the ids of all instances",
    )
    index_round_seconds: float = Field(
        default=0.5, gt=0, description="How long to wait between two rounds of reading instances"
    )
    index_reads_per_round: int = Field(
        default=150, ge=1, description="How many instances one round reads at most"
    )
    index_concurrency: int = Field(
        default=4, ge=1, le=64, description="How many instances are read at once"
    )

    @model_validator(mode="after")
    def _model_is_named(self) -> Self:
        if self.language_url is not None and not self.language_model:
            raise ValueError("language_url needs language_model")
        return self

    @field_validator("monitor_allow")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        AllowList.parse(text)
        return text
