"""The inbox: waits, claims and decisions."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from contracts.fields import Flag, Person, QueryInteger
from orchestrator.schemas.instances import IndexState


class WaitingItem(BaseModel):
    """A wait for a decision of a person, or for an event of another system."""

    instance_id: str
    workflow: str
    event: str = Field(description="The event that it waits for")
    wait_id: str = Field(description="Id of this wait; a later wait for the event has another")
    message: str | None = Field(description="The progress message of the workflow")
    since: AwareDatetime | None
    until: AwareDatetime | None = Field(description="When the wait times out, if ever")
    overdue: bool
    assigned_to: str | None
    claimed_by: str | None = Field(description="Who has claimed it, if anybody has")
    description: str = Field(description="What the event means")
    payload_schema: dict[str, Any] = Field(description="JSON Schema of a decision")


class WaitingPage(BaseModel):
    """A page of the inbox, earliest deadline first."""

    items: list[WaitingItem]
    next: str | None = Field(description="The `cursor` of the next page; null at the end")
    index: IndexState


class WaitingFilter(BaseModel):
    """A filter of waits: a wait must match every condition."""

    model_config = ConfigDict(extra="forbid")

    workflow: list[Annotated[str, StringConstraints(max_length=200)]] = Field(
        default=[], max_length=50, description="Of one of these workflows; repeat for several"
    )
    event: str | None = Field(default=None, max_length=100, description="For this event")
    assigned_to: Person | None = Field(default=None, description="Assigned to this person")
    overdue: Flag | None = Field(
        default=None, description="Whether its deadline has passed; both if left out"
    )


class WaitingQuery(WaitingFilter):
    """A filter and page of waits."""

    cursor: str | None = Field(
        default=None, max_length=2_000, description="`next` of the previous page"
    )
    limit: QueryInteger = Field(default=50, ge=1, le=200, description="Size of the page")


class ClaimRequest(BaseModel):
    """Who claims a wait, or releases it."""

    model_config = ConfigDict(extra="forbid")

    by: Person


class Claim(BaseModel):
    """The claim of a wait."""

    instance_id: str
    event: str
    claimed_by: str | None


class DecisionRequest(BaseModel):
    """A decision."""

    model_config = ConfigDict(extra="forbid")

    by: Person
    payload: dict[str, Any] = Field(description="Must match the JSON Schema of the event")
