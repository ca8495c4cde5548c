"""What waits for people, and what they say to it."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from contracts.fields import Flag, Person
from contracts.instances import IndexState


class WaitingItem(BaseModel):
    """Something that waits for a person, or for another system."""

    instance_id: str
    workflow: str
    event: str = Field(description="What it waits for")
    wait_id: str = Field(description="Names this wait; a later one for the same event has another")
    message: str | None = Field(description="What the workflow says about it")
    since: AwareDatetime | None
    until: AwareDatetime | None = Field(description="When the workflow gives up, if ever")
    overdue: bool
    assigned_to: str | None
    claimed_by: str | None = Field(description="Who sees to it, if somebody said so")
    description: str = Field(description="What the event means")
    payload_schema: dict[str, Any] = Field(description="JSON Schema of a decision")


class WaitingPage(BaseModel):
    """Some of what waits, the soonest deadline first."""

    items: list[WaitingItem]
    next: str | None = Field(description="Pass as `cursor` to read on; null at the end")
    index: IndexState


class WaitingFilter(BaseModel):
    """Which waits are wanted: all of what is given must hold."""

    model_config = ConfigDict(extra="forbid")

    workflow: list[Annotated[str, StringConstraints(max_length=200)]] = Field(
        default=[], max_length=50, description="Of one of these workflows; repeat for several"
    )
    event: str | None = Field(default=None, max_length=100, description="For this event")
    assigned_to: Person | None = Field(default=None, description="For this person")
    overdue: Flag | None = Field(
        default=None, description="Whether it is past its time; either where it is left out"
    )


class WaitingQuery(WaitingFilter):
    """A page of the wanted waits."""

    cursor: str | None = Field(
        default=None, max_length=2_000, description="`next` of the page before"
    )
    limit: int = Field(default=50, ge=1, le=200, description="How many at most")


class ClaimRequest(BaseModel):
    """Somebody sees to it, or no longer does."""

    model_config = ConfigDict(extra="forbid")

    by: Person


class Claim(BaseModel):
    """Who sees to a wait."""

    instance_id: str
    event: str
    claimed_by: str | None


class DecisionRequest(BaseModel):
    """What somebody decides."""

    model_config = ConfigDict(extra="forbid")

    by: Person
    payload: dict[str, Any] = Field(description="Valid by the event's schema")
