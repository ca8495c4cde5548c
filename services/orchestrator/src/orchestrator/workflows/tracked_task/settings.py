"""The settings of tracked tasks."""

from pydantic import Field

from contracts.fields import Person
from orchestrator.toolkit.workflow_settings import WorkflowSettings


class TrackedTaskSettings(WorkflowSettings):
    """How long a task may take, and how its actor behaves."""

    actor_timeout_seconds: float = Field(
        default=5.0, gt=0, description="How long a call to a task's actor may take"
    )
    reminder_timeout_seconds: float = Field(
        default=2.0,
        gt=0,
        description="How long one notification may take; reads of the task wait meanwhile",
    )
    reminder_retry_seconds: float = Field(
        default=1.0, gt=0, description="How long after a failure a reminder fires again"
    )
    escalate_to: Person = Field(
        default="dana@example.com",
        description="Who is notified of overdue tasks, where the request names nobody",
    )
    tracked_limit_days: int = Field(
        default=400, ge=1, le=36_500, description="How long a tracked task may take at most"
    )
    ended_task_days: int = Field(
        default=30, ge=1, le=36_500, description="How long a tracked task is kept after its end"
    )
