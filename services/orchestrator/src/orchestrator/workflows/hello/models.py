"""What hello takes, calls and returns."""

from enum import StrEnum
from types import NoneType

from pydantic import BaseModel, Field, StrictInt

from contracts.fields import RequestId
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.definition import Request
from orchestrator.toolkit.fault_plan import ALWAYS, NO_FAULTS, Fault, FaultPlan

CHILD = "hello_child_workflow"


class HelloFault(StrEnum):
    """The failures that a request can inject."""

    RETRIES = "retries"
    FAILURE = "failure"


class HelloRequest(Request):
    """A user who is greeted."""

    hello_id: RequestId = Field(description="Your name for the greeting")
    user_name: RequestId
    simulate: HelloFault | None = Field(
        default=None, description="An injected failure of a step: twice, or permanently"
    )
    rest_seconds: StrictInt = Field(
        default=15, ge=1, le=86_400, description="How many seconds it rests, by a durable timer"
    )


class Luck(BaseModel):
    """The input of a step with injected failures."""

    key: str
    failures: int = Field(description="How many attempts fail before one succeeds")


class HelloResult(BaseModel):
    """The greetings."""

    greetings: list[str]
    compensated: bool = False


GREET = ActivityRef("greet", str, str)
TRY_LUCK = ActivityRef("try_luck", Luck, NoneType)
TAKE_BACK = ActivityRef("take_back", str, str)

FAULTS = {
    None: NO_FAULTS,
    HelloFault.RETRIES: FaultPlan({TRY_LUCK: Fault(failures=2)}),
    HelloFault.FAILURE: FaultPlan({TRY_LUCK: Fault(failures=ALWAYS)}),
}
