"""The orchestrator's settings."""

from pydantic import Field

from contracts.fields import Person
from contracts.notifier import ChannelName
from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """How people are told, and how long peers may take."""

    app_port: int = 8000
    actor_port: int = Field(
        default=50010,
        description="Where the sidecar finds that the application is there; nothing is served",
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
    web_timeout_seconds: float = Field(
        default=10.0, gt=0, description="How long an address outside the system may take"
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
