"""Schedules: workflows that are started at an interval or by a cron expression."""

from typing import Annotated, Any, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    model_validator,
)

from contracts.fields import QueryInteger

ScheduleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$")]
"""At most 60 characters, for with the time of a run it makes the id of the instance."""

SHORTEST_INTERVAL_SECONDS = 5
"""A run that fails is retried after as long."""


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
    every_seconds: StrictInt | None = Field(
        default=None,
        ge=SHORTEST_INTERVAL_SECONDS,
        le=31_536_000,
        description="The interval; either this or `cron`",
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.cron is None) == (self.every_seconds is None):
            raise ValueError("give either cron or every_seconds")
        return self


class Schedule(BaseModel):
    """A schedule, with its last and its next run.

    Its fields have no limits: one that was accepted can be read after the limits were changed.
    """

    id: str
    workflow: str
    request: dict[str, Any]
    cron: str | None = None
    every_seconds: StrictInt | None = None
    paused: bool
    next_at: AwareDatetime | None = Field(
        description="The next run; null while it is paused, or cannot run"
    )
    last_at: AwareDatetime | None = Field(default=None, description="When the last run was due")
    last_instance: str | None = Field(default=None, description="What the last run started")
    last_error: str | None = Field(
        default=None,
        description="Why the last run, or the one that is due, started nothing; or why the "
        "schedule cannot run",
    )
    failed_tries: int = Field(default=0, description="Failed tries of the run that is due")
    created_by: str


class ScheduleQuery(BaseModel):
    """A page of schedules."""

    model_config = ConfigDict(extra="forbid")

    cursor: ScheduleId | None = Field(default=None, description="`next` of the previous page")
    limit: QueryInteger = Field(
        default=200, ge=1, le=1_000, description="Size of the page; one of large requests is less"
    )


class Schedules(BaseModel):
    """A page of schedules, by id."""

    items: list[Schedule]
    next: str | None = Field(description="The `cursor` of the next page; null at the end")
