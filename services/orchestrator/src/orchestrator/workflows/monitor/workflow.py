"""Monitor: watch a web address for ever, and tell somebody when its health changes."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from contracts.fields import Person, RequestId
from contracts.notifier import notification_key
from contracts.orchestrator import Sample, SampleEvent
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition, EternalInput, Event, Request
from orchestrator.toolkit.messages import SEND_NOTIFICATION, SendNotification
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import RETRY
from orchestrator.toolkit.waits import Waiting

CHECK_ADDRESS = "check_address"
KEPT_RESULTS = 10
DAY = 86_400

# Printable ASCII: a name in another script is written as its A-labels, xn--….
Address = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,1990}$")]


class Simulate(StrEnum):
    """What is to go wrong."""

    OUTAGE = "outage"


# Checks that are taken to be answered 503.
OUTAGE = range(3, 5)


class MonitorRequest(Request):
    """An address that is to be watched."""

    monitor_id: RequestId = Field(description="Your name for the monitor")
    url: Address = Field(description="What to watch: an address on the internet, http or https")
    notify: Person = Field(description="Who is told when it goes down, and when it is back")
    interval_seconds: int | None = Field(
        default=None, ge=1, le=DAY, description="Between checks while healthy; else the settings'"
    )
    retry_seconds: int | None = Field(
        default=None, ge=1, le=DAY, description="Between checks while not; else the settings'"
    )
    simulate: Simulate | None = Field(
        default=None, description="`outage`: checks 3 and 4 find the address down"
    )


class Health(StrEnum):
    """How an address is; nobody is told how it is at first, unless it is down."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class Check(BaseModel):
    """What one check found."""

    at: AwareDatetime
    ok: bool = Field(description="Whether the address answered with a status under 400")
    status: int | None = Field(default=None, description="The HTTP status, if one came")
    milliseconds: int = Field(description="How long it took")
    error: str | None = Field(default=None, description="Why none came")

    def found(self) -> str:
        """Return what was found, in words."""
        return self.error or f"HTTP status {self.status}"


class Change(BaseModel):
    """A change of health."""

    number: int
    at: AwareDatetime
    health: Health
    found: str


class MonitorState(BaseModel):
    """What a monitor carries from one generation to the next."""

    generation: int = Field(
        default=1, description="Each generation makes one check, unless it is stopped before"
    )
    started_at: AwareDatetime
    next_check_at: AwareDatetime
    health: Health = Health.UNKNOWN
    changes: int = Field(default=0, description="How often the health has changed")
    change: Change | None = Field(default=None, description="The last of them")
    told: int = Field(default=0, description="The last change that somebody was told of")
    alert_error: str | None = Field(default=None, description="Why that is not the last one")
    results: list[Check] = Field(default=[], description="The last ten, the newest last")

    def after(self, check: Check, next_check_at: datetime) -> Self:
        """Return the state once a check has been made."""
        health = Health.HEALTHY if check.ok else Health.UNHEALTHY
        new: dict[str, Any] = {
            "health": health,
            "next_check_at": next_check_at,
            "results": [*self.results, check][-KEPT_RESULTS:],
        }
        if (health is Health.UNHEALTHY) != (self.health is Health.UNHEALTHY):
            number = self.changes + 1
            new["changes"] = number
            new["change"] = Change(number=number, at=check.at, health=health, found=check.found())
        return self.model_copy(update=new)


class MonitorInput(MonitorRequest, EternalInput):
    """A request, and from the second generation on what went before."""

    state: MonitorState | None = None


class CheckAddress(BaseModel):
    """Make one check."""

    url: Address
    number: int
    interval_seconds: int | None
    retry_seconds: int | None
    simulate: Simulate | None


class CheckedAddress(BaseModel):
    """What a check found, and how long to pause after it."""

    check: Check
    pause_seconds: float


class Stop(BaseModel):
    """The end of a monitor."""

    reason: str = Field(min_length=1, max_length=500)
    by: Person


class MonitorOutcome(StrEnum):
    """How a monitor ended: there is one way."""

    STOPPED = "stopped"


class MonitorResult(BaseModel):
    """What a monitor saw."""

    monitor_id: RequestId
    status: MonitorOutcome
    message: str
    stop: Stop
    state: MonitorState


STOP = Event(
    name="stop", payload=Stop, description="Ends the monitor, at the latest after its check."
)


def monitor_workflow(
    ctx: DaprWorkflowContext, request: MonitorInput
) -> Generator[Task[Any], Any, MonitorResult | None]:
    """Pause; check; tell a change; go on as new, with a history that is always as short.

    The wait for `stop` is one over all generations, so it is open at any time. The pause comes
    first, also in the first generation, where it has no length: Dapr 1.18.2 loses an instance
    whose worker dies while it continues as new in the turn of a timer. So a generation ends in
    the turn of an activity, and begins with a timer, which the result of that activity, should it
    come again, cannot be taken for. That goes when the minimum is Dapr 1.19.
    """
    now = ctx.current_utc_datetime.replace(tzinfo=UTC)
    state = request.state or MonitorState(started_at=now, next_check_at=now)
    stop = Waiting(ctx, STOP, Stop, id=STOP.name)

    def say(step: str, message: str) -> None:
        report(ctx, step, message, waits=[stop.wait], details=state.model_dump(mode="json"))

    say(state.health, _summary(state))
    stopped = yield from stop.receive(state.next_check_at.astimezone(UTC).replace(tzinfo=None))
    if stopped is not None:
        message = f"Stopped by {stopped.by}: {stopped.reason}"
        report(ctx, MonitorOutcome.STOPPED, message, details=state.model_dump(mode="json"))
        return MonitorResult(
            monitor_id=request.monitor_id,
            status=MonitorOutcome.STOPPED,
            message=message,
            stop=stopped,
            state=state,
        )

    say(CHECK_ADDRESS, f"Check {state.generation} of {request.url}")
    checked = yield ctx.call_activity(
        CHECK_ADDRESS,
        input=CheckAddress(
            url=request.url,
            number=state.generation,
            interval_seconds=request.interval_seconds,
            retry_seconds=request.retry_seconds,
            simulate=request.simulate,
        ),
        retry_policy=RETRY,
    )
    result = CheckedAddress.model_validate(checked)
    now = ctx.current_utc_datetime.replace(tzinfo=UTC)
    state = state.after(result.check, now + timedelta(seconds=result.pause_seconds))

    # A change that nobody could be told of is tried again after the next check; where that finds
    # another change, the newer one is told instead.
    if state.change is not None and state.told < state.changes:
        say(SEND_NOTIFICATION, f"Telling {request.notify}: {state.health}")
        error = yield from _tell(ctx, request, state.change)
        told = state.told if error else state.changes
        state = state.model_copy(update={"told": told, "alert_error": error})

    following = state.model_copy(update={"generation": state.generation + 1})
    ctx.continue_as_new(request.model_copy(update={"state": following}), save_events=True)
    return None


def _tell(
    ctx: DaprWorkflowContext, request: MonitorInput, change: Change
) -> Generator[Task[Any], Any, str | None]:
    """Tell of a change; return why that was not possible."""
    word = "down" if change.health is Health.UNHEALTHY else "up again"
    try:
        yield ctx.call_activity(
            SEND_NOTIFICATION,
            input=SendNotification(
                key=notification_key(ctx.instance_id, f"change-{change.number}"),
                recipient=request.notify,
                subject=f"Monitor {request.monitor_id}: {word}",
                body=f"{request.url} is {word} since {_clock(change.at)}: {change.found}",
            ),
            retry_policy=RETRY,
        )
    except TaskFailedError as error:
        return error.details.message
    return None


def _summary(state: MonitorState) -> str:
    if not state.results:
        return "The first check is about to begin"
    last = state.results[-1]
    untold = f", of which nobody could be told: {state.alert_error}" if state.alert_error else ""
    found = f"{last.found()} after {last.milliseconds} ms{untold}"
    return f"{found}; the next check is at {_clock(state.next_check_at)}"


def _clock(time: datetime) -> str:
    return time.replace(tzinfo=UTC).isoformat(timespec="seconds")


DEFINITION = Definition(
    name="monitor",
    workflow_name="monitor_workflow",
    workflow=monitor_workflow,
    input=MonitorRequest,
    output=MonitorResult,
    id_field="monitor_id",
    title="Monitor",
    description="A web address is watched for ever: somebody is told when it goes down, and when "
    "it is back. `custom_status.details` has the last results. Send `stop` to end it.",
    path="/monitors",
    eternal_input=MonitorInput,
    search_fields=("notify", "url"),
    events=(STOP,),
    samples={
        "healthy": Sample(
            summary="Watch the orchestrator itself, for ten seconds",
            request={
                "monitor_id": "1",
                "url": "http://localhost:8000/healthz",
                "notify": "alice@example.com",
                "interval_seconds": 2,
            },
            events=[
                SampleEvent(
                    event=STOP.name,
                    payload={"reason": "Seen enough", "by": "alice@example.com"},
                    after_seconds=10,
                )
            ],
        ),
        "outage": Sample(
            summary="It goes down at the third check, and is back at the fifth",
            request={
                "monitor_id": "2",
                "url": "http://localhost:8000/healthz",
                "notify": "alice@example.com",
                "interval_seconds": 1,
                "retry_seconds": 1,
                "simulate": "outage",
            },
            events=[
                SampleEvent(
                    event=STOP.name,
                    payload={"reason": "It is back", "by": "alice@example.com"},
                    after_seconds=8,
                )
            ],
        ),
    },
)
