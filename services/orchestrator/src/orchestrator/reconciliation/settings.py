"""The settings of the reconciler of instances."""

from pydantic import Field
from pydantic_settings import BaseSettings


class ReconcilerSettings(BaseSettings):
    """When an instance makes no progress, and how often it is woken."""

    reconcile_instances: bool = Field(
        default=True,
        description="Whether to wake instances whose wake-up the scheduler lost; without it they "
        "wait until an event comes, or forever",
    )
    reconcile_seconds: float = Field(
        default=5.0, gt=0, description="Pause between two rounds that look for such instances"
    )
    reconcile_after_seconds: float = Field(
        default=10.0,
        gt=0,
        description="How late a timer is before it counts as lost, and half of what an activity "
        "is, which may wait for a place; the worker and the scheduler must have been connected for "
        "as long",
    )
    reconcile_reads: int = Field(
        default=200, ge=1, description="The most instances that one round reads"
    )
    reconcile_repairs: int = Field(
        default=50, ge=1, description="The most instances that one round wakes"
    )
    reconcile_tries: int = Field(
        default=10,
        ge=1,
        description="How often an instance is woken, with growing pauses, before it is left to an "
        "operator; each time adds about 4 events to its history",
    )
    reconcile_longest_pause_seconds: float = Field(
        default=600.0, gt=0, description="The longest pause between two tries at one instance"
    )
