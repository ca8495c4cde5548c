"""What a monitor carries from one generation to the next, and how a check changes it."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

KEPT_RESULTS = 10


class AddressHealth(StrEnum):
    """Whether an address answers; that it turns from `unknown` to `healthy` is no change."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class Check(BaseModel):
    """The result of one check."""

    at: AwareDatetime
    ok: bool = Field(description="Whether the address answered with a status under 400")
    status: int | None = Field(default=None, description="The HTTP status, if one came")
    milliseconds: int = Field(description="How long it took")
    error: str | None = Field(default=None, description="Why none came")

    def finding(self) -> str:
        """Return the error, or else the HTTP status, as text."""
        return self.error or f"HTTP status {self.status}"


class Change(BaseModel):
    """A change of health."""

    number: int
    at: AwareDatetime
    health: AddressHealth
    found: str


class MonitorState(BaseModel):
    """The state of a monitor's loop.

    Its JSON is the input of running instances: names that were changed since keep their alias.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    generation: int = Field(
        default=1, description="Each generation makes one check, unless it is stopped before"
    )
    started_at: AwareDatetime
    next_check_at: AwareDatetime
    health: AddressHealth = AddressHealth.UNKNOWN
    change_count: int = Field(
        default=0, alias="changes", description="How often the health has changed"
    )
    last_change: Change | None = Field(default=None, alias="change")
    last_alerted_change: int = Field(
        default=0, alias="told", description="The number of the last change that was alerted"
    )
    alert_error: str | None = Field(
        default=None, description="Why the last change was not alerted yet"
    )
    results: list[Check] = Field(default=[], description="The last ten, the newest last")

    def with_check_result(self, check: Check, next_check_at: datetime) -> Self:
        """Return the state after a check.

        Args:
            check: Its result.
            next_check_at: When the next one is due, with an offset.

        Returns:
            A state with one change more where the health turned to or from `unhealthy`.
        """
        health = AddressHealth.HEALTHY if check.ok else AddressHealth.UNHEALTHY
        state = self.model_copy(
            update={
                "health": health,
                "next_check_at": next_check_at,
                "results": [*self.results, check][-KEPT_RESULTS:],
            }
        )
        if (health is AddressHealth.UNHEALTHY) == (self.health is AddressHealth.UNHEALTHY):
            return state
        number = self.change_count + 1
        change = Change(number=number, at=check.at, health=health, found=check.finding())
        return state.model_copy(update={"change_count": number, "last_change": change})

    def unalerted_change(self) -> Change | None:
        """Return the last change, unless it was alerted; those before it are overtaken."""
        return self.last_change if self.last_alerted_change < self.change_count else None

    def with_alert(self, error: str | None) -> Self:
        """Return the state after an alert of the last change; `error` says why it failed."""
        alerted = self.last_alerted_change if error else self.change_count
        return self.model_copy(update={"last_alerted_change": alerted, "alert_error": error})
