"""The request and result of an application, and what its steps take and return."""

from enum import StrEnum

from pydantic import BaseModel, Field

from contracts.fields import EmailAddress, RequestId
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.definition import Request
from orchestrator.toolkit.fault_plan import ALWAYS, NO_FAULTS, Fault, FaultPlan
from orchestrator.workflows.application.screening import Score, Thresholds

# The name in recorded histories; no handle, for it is chosen at run time: people.notify calls it.
FAIL_TO_NOTIFY = "fail_to_tell"
RECRUITING = "recruiting"
NOTIFY_RECRUITER = "notify_recruiter"


class ApplicationFault(StrEnum):
    """The failures that a request can inject."""

    RECRUITER_UNREACHABLE = "recruiter-unreachable"


FAULTS = {
    None: NO_FAULTS,
    ApplicationFault.RECRUITER_UNREACHABLE: FaultPlan({NOTIFY_RECRUITER: Fault(failures=ALWAYS)}),
}


class ApplicationRequest(Request):
    """An application for a position."""

    application_id: RequestId = Field(description="Your name for the application")
    position: RequestId = Field(description="One of `GET /applications/rules`")
    name: str = Field(
        min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$", description="The candidate's"
    )
    email: EmailAddress = Field(description="Where the candidate is notified")
    text: str = Field(max_length=20_000, description="What the candidate wrote: keywords count")
    simulate: ApplicationFault | None = Field(
        default=None,
        description="An injected failure of the recruiter's notification",
    )


class Screening(BaseModel):
    """The result of screening: either why the application is rejected, or its score."""

    rejection: str | None = None
    title: str | None = Field(default=None, description="The position's")
    thresholds: Thresholds | None = None
    score: Score | None = None


SCREEN_APPLICATION = ActivityRef("screen_application", ApplicationRequest, Screening)


class Route(StrEnum):
    """Where an application goes by its score."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ApplicationOutcome(StrEnum):
    """How an application ended."""

    INTERVIEW = "interview"
    REVIEW = "review"
    DECLINED = "declined"
    REJECTED = "rejected"
    FAILED = "failed"


class ApplicationResult(BaseModel):
    """How an application ended, and why."""

    application_id: RequestId
    status: ApplicationOutcome
    message: str
    route: Route | None = None
    score: Score | None = Field(default=None, description="The points, keyword by keyword")
    recruiter: str | None = Field(
        default=None, description="The e-mail address of the recruiter it is assigned to"
    )
    candidate_told: bool = Field(default=False, description="Whether the candidate was notified")
