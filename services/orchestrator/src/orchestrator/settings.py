"""The orchestrator's settings."""

from dataclasses import replace
from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from contracts.notifier import ChannelName
from orchestrator.schemas.schedules import SHORTEST_INTERVAL_SECONDS
from servicekit.deadlines import CallLimits
from servicekit.settings import ServiceSettings

# An operator comes back to what failed; its records must outlast the repair.
REPAIR_DAYS = 7


class Settings(ServiceSettings):
    """Settings of the service, from the environment; those of a workflow are in its package."""

    app_port: int = 8000
    host_workflows: bool = Field(
        default=True, description="Whether to run workflows; false serves the API only"
    )
    actor_port: int = Field(
        default=50010,
        description="The gRPC port that the sidecar calls when a schedule is due",
    )
    notification_channel: ChannelName = ChannelName.INBOX
    peer_timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        description="Timeout of a call to a peer, the sidecar's own retries included",
    )
    outage_wait_seconds: float = Field(
        default=86_400.0,
        ge=0,
        description="How long a workflow waits for a peer that cannot be reached, times out or "
        "says that it cannot serve now, from the first attempt on; a deadline of the workflow's "
        "own ends the wait sooner",
    )
    outage_longest_pause_seconds: float = Field(
        default=60.0,
        gt=0,
        le=3_600,
        description="The longest pause between two attempts to reach such a peer; they double "
        "from 4 s on",
    )
    start_timeout_seconds: float = Field(
        default=10.0, gt=0, description="Timeout of a start, after which the caller gets 503"
    )
    start_record_days: int = Field(
        default=120,
        le=36_500,
        description="Days that an id stays used after its instance started or was purged; more "
        "than records_kept_days, so that nothing of an instance outlives its id",
    )
    start_repeat_hours: float = Field(
        default=24.0,
        gt=0,
        description="Hours in which a start that never reached the engine can be repeated; "
        "shorter than instances are kept after their end",
    )
    jaeger_url: str | None = Field(
        default=None, description="The address of Jaeger's UI, for links to traces"
    )
    web_timeout_seconds: float = Field(
        default=10.0, gt=0, description="Timeout of a request to an address outside the system"
    )
    history_cache_max_bytes: int = Field(
        default=32 * 1024 * 1024,
        ge=0,
        description="Bytes of histories that the worker caches, of instances that have not ended, "
        "so that a sidecar of Dapr 1.19 sends it only new events; 0 caches none",
    )
    starts_per_minute: int = Field(
        default=6_000,
        ge=0,
        description="Starts that are accepted from one address in a minute, repeats included: of "
        "more, 429; 0 is without a limit",
    )
    uploads_per_minute: int = Field(
        default=1_200,
        ge=0,
        description="Uploads of documents and notes, deliveries and deposits that are accepted "
        "from one address in a minute: of more, 429; 0 is without a limit",
    )
    completed_kept_days: float = Field(
        default=7.0, gt=0, le=36_500, description="Days that a completed instance is kept"
    )
    failed_kept_days: float = Field(
        default=30.0,
        gt=0,
        le=36_500,
        description="Days that a failed or terminated instance is kept; at least a week fewer "
        "than records_kept_days, so that what it wrote is there while it is repaired",
    )
    retention_sweep_seconds: float = Field(
        default=60.0, gt=0, description="Seconds between two looks for what was kept for its time"
    )
    audit_kept_days: int = Field(
        default=365, ge=1, le=36_500, description="Days that an entry of the audit trail is kept"
    )
    max_schedules: int = Field(
        default=1_000, ge=1, description="The most schedules; another one is refused with 429"
    )
    schedule_min_interval_seconds: int = Field(
        default=SHORTEST_INTERVAL_SECONDS,
        ge=SHORTEST_INTERVAL_SECONDS,
        description="The shortest interval between two runs of a schedule, also of a cron "
        "expression",
    )
    schedule_start_tries: int = Field(
        default=12,
        ge=1,
        description="Tries, 5 s apart, after which the run of a schedule that cannot be started is "
        "given up, once the next one is due",
    )
    schedule_reconcile_seconds: float = Field(
        default=30.0,
        gt=0,
        description="Pause between two comparisons of the schedules with the scheduler's jobs, in "
        "which lost ones are created again",
    )
    schedule_job_margin_seconds: float = Field(
        default=15.0,
        ge=0,
        description="How long before it is due a job is deleted at the latest; a later one "
        "triggers, and is ignored. Longer than a call to the scheduler may take",
    )
    schedule_page_bytes: int = Field(
        default=1_048_576, ge=1, description="The size that ends a page of schedules, as JSON"
    )
    index_look_seconds: float = Field(
        default=5.0,
        gt=0,
        description="Shortest pause between two listings of all instance ids",
    )
    index_list_timeout_seconds: float = Field(
        default=60.0,
        gt=0,
        description="Timeout of a listing of all instance ids, which scans the whole store",
    )
    index_round_seconds: float = Field(
        default=0.5, gt=0, description="Pause between two rounds of reads of instances"
    )
    index_reads_per_round: int = Field(
        default=150, ge=1, description="The most instances that one round reads"
    )
    index_concurrency: int = Field(
        default=4, ge=1, le=64, description="The most reads of instances at once, for the list"
    )
    index_page_concurrency: int = Field(
        default=4, ge=1, le=64, description="The most reads at once, for pages that are requested"
    )
    max_streams: int = Field(
        default=200,
        ge=1,
        description="The most event streams at once; each keeps a connection open",
    )
    search_max_words: int = Field(
        default=8, ge=1, description="The most different words of a search for instances"
    )
    index_page_reads: int = Field(
        default=400,
        ge=1,
        description="The most reads for pages at a time, those that wait included; what is beyond "
        "them is shown as the list has it",
    )

    @property
    def call_limits(self) -> CallLimits:
        """How long calls to the sidecar may take."""
        return replace(
            super().call_limits,
            of_method={
                # The engine gives a start up before, and says what that means.
                "StartInstance": self.start_timeout_seconds + 1,
                "ListInstanceIDs": self.index_list_timeout_seconds,
            },
        )

    @property
    def ids_outlive(self) -> timedelta:
        """How much longer an id stays used than what an instance writes under it is kept."""
        return timedelta(days=self.start_record_days - self.records_kept_days)

    @model_validator(mode="after")
    def _ids_outlive_records(self) -> Self:
        if self.start_record_days <= self.records_kept_days:
            raise ValueError(
                f"start_record_days ({self.start_record_days}) must be more than "
                f"records_kept_days ({self.records_kept_days})"
            )
        kept = max(self.completed_kept_days, self.failed_kept_days)
        if self.records_kept_days < kept + REPAIR_DAYS:
            raise ValueError(
                f"records_kept_days ({self.records_kept_days}) must be {REPAIR_DAYS} more than "
                f"completed_kept_days and failed_kept_days ({kept:g}), for repairs"
            )
        return self
