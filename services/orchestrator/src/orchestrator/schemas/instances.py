"""The list of instances: filters, pages, counts, and the events of its stream."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from contracts.fields import Flag, Instant, QueryInteger
from orchestrator.schemas.workflows import RuntimeStatus, Wait


class InstanceSummary(BaseModel):
    """An instance in the list."""

    instance_id: str
    workflow: str = Field(description="Short name, such as `order`; Dapr's name for a child")
    version: str | None = None
    status: RuntimeStatus
    outcome: str | None = Field(
        default=None,
        description="The `status` in the result of what COMPLETED, such as `rejected`; null where "
        "it has none",
    )
    parent: str | None = Field(default=None, description="Of a child: the instance that called it")
    step: str | None = Field(default=None, description="The current step, or the last one")
    message: str | None = Field(
        default=None, description="The step in words, truncated to 200 characters"
    )
    waits: list[Wait] = Field(default=[], description="The events that it waits for")
    overdue: bool = Field(default=False, description="Whether the deadline of a wait has passed")
    torn: bool = Field(
        default=False,
        description="Whether its stored state is incomplete: it never continues, and the rest is "
        "as it was read last; see remove-torn",
    )
    created_at: AwareDatetime
    last_updated_at: AwareDatetime
    completed_at: AwareDatetime | None = None


class IndexState(BaseModel):
    """How complete the list is: it is kept in memory, and rebuilt after a start."""

    known: int = Field(description="Number of instances that are listed")
    pending: int = Field(
        description="Number of instances that are not read, and so not listed, yet"
    )
    complete: bool = Field(description="Whether all ids of the last listing are read")
    as_of: AwareDatetime | None = Field(description="When the last listing of all ids ended")


class InstancePage(BaseModel):
    """A page of the list."""

    items: list[InstanceSummary]
    next: str | None = Field(description="The `cursor` of the next page; null at the end")
    index: IndexState


class InstanceCounts(BaseModel):
    """The number of instances."""

    total: int
    by_status: dict[RuntimeStatus, int]
    by_workflow: dict[str, dict[RuntimeStatus, int]]
    by_outcome: dict[str, int] = Field(description="Instances that have an outcome, by outcome")
    outcomes_by_workflow: dict[str, dict[str, int]] = Field(
        description="The same, by workflow and outcome"
    )
    waiting: dict[str, int] = Field(description="Instances that wait, by event")
    overdue: int
    index: IndexState


class InstanceEvent(StrEnum):
    """The events of the stream of instances, and the data of each."""

    SUMMARY = "summary"
    """InstanceCounts: first, and when the counts have changed."""
    INSTANCE = "instance"
    """InstanceSummary: an instance appeared, or changed."""
    GONE = "gone"
    """InstanceGone: an instance was purged."""
    RELOAD = "reload"
    """No data: changes were discarded; read the list again."""


class InstanceGone(BaseModel):
    """An instance that was purged."""

    instance_id: str


class InstanceSort(StrEnum):
    """The field that the list is sorted by, and then by id."""

    CREATED_AT = "created_at"
    LAST_UPDATED_AT = "last_updated_at"
    INSTANCE_ID = "instance_id"
    WORKFLOW = "workflow"
    STATUS = "status"


class Order(StrEnum):
    """The sort order."""

    ASC = "asc"
    DESC = "desc"


class InstanceFilter(BaseModel):
    """A filter of instances: an instance must match every condition."""

    model_config = ConfigDict(extra="forbid")

    workflow: list[Annotated[str, StringConstraints(max_length=200)]] = Field(
        default=[], max_length=50, description="One of these, such as `order`; repeat for several"
    )
    status: list[RuntimeStatus] = Field(
        default=[], max_length=20, description="One of these; repeat for several"
    )
    outcome: list[Annotated[str, StringConstraints(max_length=50)]] = Field(
        default=[],
        max_length=20,
        description="COMPLETED with one of these, such as `failed`, of the `outcomes` by "
        "`GET /workflows`; repeat for several",
    )
    created_from: Instant | None = Field(
        default=None, description="Created at or after this; with an offset, such as `Z`"
    )
    created_to: Instant | None = Field(default=None, description="Created before this")
    id_prefix: str | None = Field(
        default=None, max_length=300, description="The id begins with this; case-sensitive"
    )
    parent: str | None = Field(
        default=None, max_length=300, description="Child workflows of this instance"
    )
    top_level: Flag = Field(default=False, description="Leave out child workflows")
    waiting_for: str | None = Field(
        default=None, max_length=100, description="Waits for this event, such as `approval`"
    )
    overdue: Flag | None = Field(
        default=None, description="Whether the deadline of a wait has passed; both if left out"
    )
    q: str | None = Field(
        default=None,
        max_length=200,
        description="Words that must all be in the id or in the request, in its `search_fields` by "
        "`GET /workflows`; case-insensitive. At most 8 words (SEARCH_MAX_WORDS) of at least 2 "
        "characters each",
    )


class InstanceQuery(InstanceFilter):
    """A filter, sort order and page of instances."""

    sort: InstanceSort = InstanceSort.CREATED_AT
    order: Order = Order.DESC
    cursor: str | None = Field(
        default=None,
        max_length=2_000,
        description="`next` of the previous page, with the same `sort` and `order`",
    )
    limit: QueryInteger = Field(default=50, ge=1, le=200, description="Size of the page")
