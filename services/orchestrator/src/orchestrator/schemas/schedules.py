"""Schedules: workflows that are started at an interval or by a cron expression."""

from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.fields import Person

ScheduleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$")]
"""At most 60 characters, for with the time of a run it makes the id of the instance."""


class ScheduleRequest(BaseModel):
    """What to start, and when."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "workflow": "task",
                    "request": {"title": "Water the plants", "assignee": "alice@example.com"},
                    "cron": "0 9 * * MON",
                }
            ]
        },
    )

    workflow: str = Field(max_length=100, description="Its short name, see `GET /workflows`")
    request: dict[str, Any] = Field(
        description="The start request, without the field that names the instance"
    )
    cron: str | None = Field(
        default=None,
        max_length=100,
        description="Minute, hour, day of the month, month, day of the week; in UTC",
    )
    every_seconds: int | None = Field(
        default=None, ge=5, le=31_536_000, description="The interval; either this or `cron`"
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.cron is None) == (self.every_seconds is None):
            raise ValueError("give either cron or every_seconds")
        return self


class Schedule(ScheduleRequest):
    """A schedule, with its last and its next run."""

    model_config = ConfigDict(extra="ignore")

    id: ScheduleId
    paused: bool
    next_at: AwareDatetime | None = Field(description="The next run; null while it is paused")
    last_at: AwareDatetime | None = Field(default=None, description="When the last run was due")
    last_instance: str | None = Field(default=None, description="What the last run started")
    last_error: str | None = Field(default=None, description="Why the last run started nothing")
    created_by: Person


class Schedules(BaseModel):
    """All schedules, by id."""

    items: list[Schedule]
