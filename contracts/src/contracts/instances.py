"""Instances as a list shows them: filters, pages, counts, and what a stream of them tells."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from contracts.fields import Flag, Instant
from contracts.orchestrator import RuntimeStatus, Wait


class InstanceSummary(BaseModel):
    """An instance as a list shows it."""

    instance_id: str
    workflow: str = Field(description="Short, such as `order`; Dapr's name for a child workflow")
    version: str | None = None
    status: RuntimeStatus
    parent: str | None = Field(default=None, description="The instance whose child it is")
    step: str | None = Field(default=None, description="What it does, or did last")
    message: str | None = Field(default=None, description="The same in words, at most 200 letters")
    waits: list[Wait] = Field(default=[], description="The events that it takes now")
    overdue: bool = Field(default=False, description="Whether a wait is past its time")
    created_at: AwareDatetime
    last_updated_at: AwareDatetime
    completed_at: AwareDatetime | None = None


class IndexState(BaseModel):
    """How much of what there is the list knows: it is kept in memory, and rebuilt after a start."""

    known: int = Field(description="How many instances are listed")
    pending: int = Field(description="How many are known by id only, and not listed yet")
    complete: bool = Field(description="Whether all there were at the last look are listed")
    as_of: AwareDatetime | None = Field(description="When the last look at all ids ended")


class InstancePage(BaseModel):
    """Some instances."""

    items: list[InstanceSummary]
    next: str | None = Field(description="Pass as `cursor` to read on; null at the end")
    index: IndexState


class InstanceCounts(BaseModel):
    """How many instances there are."""

    total: int
    by_status: dict[RuntimeStatus, int]
    by_workflow: dict[str, dict[RuntimeStatus, int]]
    waiting: dict[str, int] = Field(description="Running instances by the event they wait for")
    overdue: int
    index: IndexState


class InstanceEvent(StrEnum):
    """The events of the stream of instances, and what each carries."""

    SUMMARY = "summary"
    """InstanceCounts: first of all, and when they have changed."""
    INSTANCE = "instance"
    """InstanceSummary: an instance appeared, or changed."""
    GONE = "gone"
    """InstanceGone: an instance was purged."""
    RELOAD = "reload"
    """Nothing: too much changed to tell it one by one; read the list again."""


class InstanceGone(BaseModel):
    """An instance that is no more."""

    instance_id: str


class InstanceSort(StrEnum):
    """What a list of instances is sorted by; the id decides between equals."""

    CREATED_AT = "created_at"
    LAST_UPDATED_AT = "last_updated_at"
    INSTANCE_ID = "instance_id"
    WORKFLOW = "workflow"
    STATUS = "status"


class Order(StrEnum):
    """Which end of a list comes first."""

    ASC = "asc"
    DESC = "desc"


class InstanceFilter(BaseModel):
    """Which instances are wanted: all of what is given must hold."""

    model_config = ConfigDict(extra="forbid")

    workflow: list[Annotated[str, StringConstraints(max_length=200)]] = Field(
        default=[], max_length=50, description="One of these, such as `order`; repeat for several"
    )
    status: list[RuntimeStatus] = Field(
        default=[], max_length=20, description="One of these; repeat for several"
    )
    created_from: Instant | None = Field(
        default=None, description="Created then or later; with an offset, such as `Z`"
    )
    created_to: Instant | None = Field(default=None, description="Created before that")
    id_prefix: str | None = Field(
        default=None, max_length=300, description="The id begins with this; case matters"
    )
    parent: str | None = Field(
        default=None, max_length=300, description="Child workflows of this instance"
    )
    top_level: Flag = Field(default=False, description="Only what is no child of another instance")
    waiting_for: str | None = Field(
        default=None, max_length=100, description="What waits for this event, such as `approval`"
    )
    overdue: Flag | None = Field(
        default=None, description="Whether a wait is past its time; either where it is left out"
    )
    q: str | None = Field(
        default=None,
        max_length=200,
        description="Words that are all in the id or in the request: in the fields that "
        "`GET /workflows` calls `search_fields`; case does not matter",
    )


class InstanceQuery(InstanceFilter):
    """A page of the wanted instances."""

    sort: InstanceSort = InstanceSort.CREATED_AT
    order: Order = Order.DESC
    cursor: str | None = Field(
        default=None,
        max_length=2_000,
        description="`next` of the page before, with the same `sort` and `order`",
    )
    limit: int = Field(default=50, ge=1, le=200, description="How many at most")
