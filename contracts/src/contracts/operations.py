"""The orchestrator's API for operators: instances listed, explained and mended."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.fields import Person, RequestId
from contracts.orchestrator import Progress, RuntimeStatus, Wait

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


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
    created_from: AwareDatetime | None = Field(
        default=None, description="Created then or later; with an offset, such as `Z`"
    )
    created_to: AwareDatetime | None = Field(default=None, description="Created before that")
    id_prefix: str | None = Field(
        default=None, max_length=300, description="The id begins with this; case matters"
    )
    parent: str | None = Field(
        default=None, max_length=300, description="Child workflows of this instance"
    )
    top_level: bool = Field(default=False, description="Only what is no child of another instance")
    waiting_for: str | None = Field(
        default=None, max_length=100, description="What waits for this event, such as `approval`"
    )
    overdue: bool | None = Field(
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


class ReasonKind(StrEnum):
    """What an instance waits for."""

    ACTIVITY = "activity"
    RETRY = "retry"
    EVENT = "event"
    TIMER = "timer"
    CHILD = "child"
    PAUSED = "paused"
    STALLED = "stalled"
    NO_WORKER = "no_worker"
    TURN = "turn"
    """Nothing outside: its next decision is due."""
    CODE = "code"
    """Today's code does not replay its history, so less is known about the rest."""
    MORE = "more"
    """How many things it waits for besides those that are listed."""


class WaitingReason(BaseModel):
    """One thing that an instance waits for; it may be several at once."""

    kind: ReasonKind
    text: str = Field(description="In words, such as `activity send_notification: attempt 2 of 3`")
    name: str | None = Field(default=None, description="Of the activity, event or child")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = Field(default=None, description="Deadline, or the next try")
    attempt: int | None = None
    attempts: int | None = Field(default=None, description="How many attempts there are at most")
    last_error: str | None = None
    instance_id: str | None = Field(default=None, description="Of the child that is waited for")


class InstanceDetail(BaseModel):
    """All that is known of an instance."""

    instance_id: str
    workflow: str
    version: str | None
    patches: list[str] = Field(default=[], description="What `is_patched` found new code for")
    status: RuntimeStatus
    input: Any
    output: Any
    error: str | None = Field(default=None, description="Why it FAILED, or was TERMINATED")
    custom_status: Progress | None
    why: list[WaitingReason] = Field(description="What it waits for; empty once it has ended")
    parent: str | None
    children: list[str]
    rerun_of: str | None = Field(default=None, description="The instance that it repeats")
    generation: int | None = Field(default=None, description="Of an eternal one, where it says so")
    trace_id: str | None
    trace_url: str | None = Field(description="The trace in Jaeger, where its address is set")
    created_at: AwareDatetime
    last_updated_at: AwareDatetime
    completed_at: AwareDatetime | None
    duration_seconds: float = Field(
        description="Until its end, or until now; of a rerun, which has the times of what it "
        "repeats, from where it was begun"
    )


class StepKind(StrEnum):
    """What a step of a history is."""

    ACTIVITY = "activity"
    TIMER = "timer"
    EVENT = "event"
    CHILD = "child"
    PAUSE = "pause"
    STALL = "stall"


class StepStatus(StrEnum):
    """How a step ended, if it did."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    ABANDONED = "abandoned"
    """The instance ended before it did."""


class Attempt(BaseModel):
    """One try of an activity or a child."""

    number: int
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    error: str | None = None
    error_type: str | None = None
    stack: str | None = None


class HistoryStep(BaseModel):
    """Events of a history that belong together."""

    event_id: int = Field(description="Of its first event, where a rerun can begin; -1: none can")
    kind: StepKind
    name: str = Field(description="Of the activity, event or child")
    status: StepStatus
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    until: AwareDatetime | None = Field(
        default=None, description="Of a timer or a timed wait; or when the next attempt is made"
    )
    attempts: list[Attempt] = []
    input: Any = Field(
        default=None,
        description="JSON; a text that ends in how much was cut where it is long. Of a pause or "
        "stall, its reason",
    )
    output: Any = Field(default=None, description="As `input`; of an event, its payload")
    error: str | None = None
    instance_id: str | None = Field(default=None, description="Of a child")


class InstanceHistory(BaseModel):
    """What an instance did, in steps; of an eternal one its current generation."""

    instance_id: str
    steps: list[HistoryStep]


class Operation(StrEnum):
    """What an operator may do to an instance."""

    PAUSE = "pause"
    RESUME = "resume"
    TERMINATE = "terminate"
    RERUN = "rerun"
    PURGE = "purge"


class OperationRequest(BaseModel):
    """Why somebody does something to an instance."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(examples=["The supplier is down until Monday"])
    by: Person = Field(default="operator", description="Who does it; kept in the audit trail")
    children: bool = Field(default=False, description="Whether its child workflows are included")


class RerunRequest(OperationRequest):
    """Run an instance again as a new one, from the start or from one of its steps."""

    new_id: RequestId = Field(description="The new instance's id; repeating is safe")
    from_event: int | None = Field(
        default=None, ge=0, description="A step's `event_id`; from the start where null"
    )
    input: dict[str, Any] | None = Field(
        default=None, description="Another input for that step, or for the whole instance"
    )


class OperationResult(BaseModel):
    """What became of an operation."""

    operation: Operation
    instance_id: str
    status: RuntimeStatus | None = Field(description="After it; null once purged")
    new_instance_id: str | None = Field(default=None, description="Of a rerun")


class BatchRequest(OperationRequest):
    """Do the same to many instances: those of a filter that are in a state for it."""

    operation: Operation
    filter: InstanceFilter = Field(examples=[{"workflow": ["order"], "id_prefix": "order-2026"}])
    confirm: int | None = Field(
        default=None,
        ge=0,
        description="How many instances it is to be, as a call without it said: without it, "
        "nothing is done",
    )
    suffix: RequestId | None = Field(
        default=None, description="For a rerun: the new ids are the old ones, `-` and this"
    )

    @model_validator(mode="after")
    def _rerun_has_a_suffix(self) -> Self:
        if (self.operation is Operation.RERUN) != (self.suffix is not None):
            raise ValueError("a rerun needs a suffix, and nothing else takes one")
        return self


class BatchItem(BaseModel):
    """What became of one instance of a batch."""

    instance_id: str
    result: str = Field(description="`done`, or the problem's type")
    detail: str | None = Field(default=None, description="The problem in words")
    new_instance_id: str | None = Field(default=None, description="Of a rerun")


class BatchResult(BaseModel):
    """What a batch would do, or did."""

    operation: Operation
    dry_run: bool
    count: int = Field(description="How many instances it is: pass it as `confirm`")
    remaining: int = Field(description="How many more there are for another call: the newest")
    instance_ids: list[str] = Field(description="Which they are, the oldest first")
    results: list[BatchItem] = Field(description="Empty after a dry run")
    index: IndexState


class AuditEntry(BaseModel):
    """What somebody did, and what became of it."""

    id: str
    at: AwareDatetime
    by: Person
    action: str = Field(description="An operation, `decide`, `claim`, `schedule.create` …")
    target: str = Field(description="The instance or schedule")
    reason: str | None = None
    result: str = Field(description="`done`, or the problem's type")
    details: dict[str, Any] = {}


class AuditPage(BaseModel):
    """Some entries of the audit trail, the newest first."""

    items: list[AuditEntry]
    next: int | None = Field(description="Pass as `before` to read on; null at the end")


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
    overdue: bool | None = Field(
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


class SystemCheck(BaseModel):
    """One thing that the system needs."""

    name: str
    ok: bool
    detail: str = Field(description="What was found")
    advice: str | None = Field(default=None, description="What to do, where it is not well")


class SystemReport(BaseModel):
    """Whether all is well."""

    checks: list[SystemCheck]
