"""The request, result and event of a monitor, and what its activity takes and returns."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field, StrictInt, StringConstraints

from contracts.fields import Person, RequestId
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.definition import EternalInput, Event, Request
from orchestrator.toolkit.fault_plan import NO_FAULTS, Fault, FaultPlan
from orchestrator.workflows.monitor.state import Check, MonitorState

SECONDS_A_DAY = 86_400

# Printable ASCII: a name in another script is written as its A-labels, xn--….
Address = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{1,1990}$")]


class MonitorFault(StrEnum):
    """The failures that a request can inject."""

    OUTAGE = "outage"


class MonitorRequest(Request):
    """An address to monitor."""

    monitor_id: RequestId = Field(description="Your name for the monitor")
    url: Address = Field(description="What to check: an address on the internet, http or https")
    notify: Person = Field(description="Who is alerted when it goes down, and when it recovers")
    interval_seconds: StrictInt | None = Field(
        default=None,
        ge=1,
        le=SECONDS_A_DAY,
        description="Between checks while healthy; else the settings'",
    )
    retry_seconds: StrictInt | None = Field(
        default=None,
        ge=1,
        le=SECONDS_A_DAY,
        description="Between checks while unhealthy; else the settings'",
    )
    simulate: MonitorFault | None = Field(
        default=None, description="`outage`: checks 3 and 4 get an injected 503"
    )


class MonitorInput(MonitorRequest, EternalInput):
    """A request and, from the second generation on, the state of the loop."""

    state: MonitorState | None = None


class CheckAddress(BaseModel):
    """The input of one check."""

    url: Address
    number: int
    interval_seconds: int | None
    retry_seconds: int | None
    simulate: MonitorFault | None


class CheckedAddress(BaseModel):
    """The result of a check, and how long to pause after it."""

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
    """How a monitor ended, and its last state."""

    monitor_id: RequestId
    status: MonitorOutcome
    message: str
    stop: Stop
    state: MonitorState


STOP = Event(
    name="stop",
    payload=Stop,
    person_field="by",
    description="Ends the monitor, at the latest after its check.",
)

CHECK_ADDRESS = ActivityRef("check_address", CheckAddress, CheckedAddress)

FAULTS = {
    None: NO_FAULTS,
    MonitorFault.OUTAGE: FaultPlan({CHECK_ADDRESS: Fault(failures=1, calls=range(3, 5))}),
}
