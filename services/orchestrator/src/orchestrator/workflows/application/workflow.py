"""Job application: screen it by keywords, and route it by its score."""

from collections.abc import Generator
from enum import StrEnum
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError
from pydantic import BaseModel, Field

from contracts.assigner import Assignment, AssignmentRequest, assignment_key
from contracts.fields import EmailAddress, RequestId
from contracts.notifier import notification_key
from contracts.orchestrator import Sample
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition, Request
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
    AssignTask,
    AssignTaskResult,
    ReleaseAssignment,
    SendNotification,
)
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import RETRY, RETRY_COMPENSATION
from orchestrator.workflows.application.screening import Score, Thresholds

SCREEN_APPLICATION = "screen_application"
FAIL_TO_TELL = "fail_to_tell"
TELL_RECRUITER = "tell_recruiter"
TELL_CANDIDATE = "tell_candidate"
RECRUITING = "recruiting"


class Simulate(StrEnum):
    """What is to go wrong."""

    RECRUITER_UNREACHABLE = "recruiter-unreachable"


class ApplicationRequest(Request):
    """An application for a position."""

    application_id: RequestId = Field(description="Your name for the application")
    position: RequestId = Field(description="One of `GET /applications/rules`")
    name: str = Field(
        min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$", description="The candidate's"
    )
    email: EmailAddress = Field(description="Where the candidate is told")
    text: str = Field(max_length=20_000, description="What the candidate wrote: keywords count")
    simulate: Simulate | None = Field(
        default=None, description="`recruiter-unreachable`: the recruiter cannot be told"
    )


class Screening(BaseModel):
    """What screening found: either why the application is rejected, or its score."""

    rejection: str | None = None
    title: str | None = Field(default=None, description="The position's")
    thresholds: Thresholds | None = None
    score: Score | None = None


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
    """What became of an application, and why."""

    application_id: RequestId
    status: ApplicationOutcome
    message: str
    route: Route | None = None
    score: Score | None = Field(default=None, description="The points, keyword by keyword")
    recruiter: str | None = Field(default=None, description="Who has it now: an e-mail address")
    candidate_told: bool = False


class Texts(BaseModel):
    """What is written on one of the routes."""

    outcome: ApplicationOutcome
    task: str | None
    candidate: str


TEXTS = {
    Route.HIGH: Texts(
        outcome=ApplicationOutcome.INTERVIEW,
        task="Interview {name} for {title}",
        candidate="We would like to meet you: {recruiter} will write to you about an interview.",
    ),
    Route.MEDIUM: Texts(
        outcome=ApplicationOutcome.REVIEW,
        task="Review the application of {name} for {title}",
        candidate="{recruiter} is reading your application, and will write to you.",
    ),
    Route.LOW: Texts(
        outcome=ApplicationOutcome.DECLINED,
        task=None,
        candidate="Thank you for the time that you took. We have decided to go on with others "
        "whose experience is closer to what this position asks for, and wish you all the best.",
    ),
}


def application_workflow(
    ctx: DaprWorkflowContext, request: ApplicationRequest
) -> Generator[Task[Any], Any, ApplicationResult]:
    """Screen; assign an interview or a review, and tell the recruiter; tell the candidate.

    A recruiter who cannot be told does not keep the assignment, and the candidate hears nothing
    that is not so. A candidate who cannot be told changes no decision.
    """
    result = ApplicationResult(
        application_id=request.application_id, status=ApplicationOutcome.FAILED, message=""
    )

    def ended(status: ApplicationOutcome, message: str) -> ApplicationResult:
        report(ctx, status, message)
        return result.model_copy(update={"status": status, "message": message})

    report(ctx, SCREEN_APPLICATION, "Looking for keywords")
    found = yield ctx.call_activity(SCREEN_APPLICATION, input=request, retry_policy=RETRY)
    screening = Screening.model_validate(found)
    if screening.score is None or screening.thresholds is None or screening.title is None:
        return ended(ApplicationOutcome.REJECTED, screening.rejection or "Not screened")

    points, route = screening.score.score, route_of(screening.score.score, screening.thresholds)
    result = result.model_copy(update={"score": screening.score, "route": route})
    texts = TEXTS[route]
    names = {"name": request.name, "title": screening.title, "recruiter": ""}
    if texts.task is not None:
        report(ctx, ASSIGN_TASK, f"{points} points: looking for a recruiter")
        assigned = yield from _assign(ctx, request, texts.task.format_map(names))
        if isinstance(assigned, str):
            return ended(ApplicationOutcome.FAILED, assigned)
        names["recruiter"] = assigned.name
        result = result.model_copy(update={"recruiter": assigned.email})

    report(ctx, TELL_CANDIDATE, f"Telling {request.email}")
    untold = yield from _tell(
        ctx,
        SendNotification(
            key=notification_key(ctx.instance_id, "candidate"),
            recipient=request.email,
            subject=f"Your application: {screening.title}",
            body=f"Dear {request.name},\n\n{texts.candidate.format_map(names)}",
        ),
    )
    result = result.model_copy(update={"candidate_told": untold is None})
    with_ = f", with {result.recruiter}" if result.recruiter else ""
    but = f"; the candidate could not be told: {untold}" if untold else ""
    return ended(texts.outcome, f"{points} points: {texts.outcome}{with_}{but}")


def route_of(score: int, thresholds: Thresholds) -> Route:
    """Return where a score leads."""
    if score >= thresholds.high:
        return Route.HIGH
    return Route.MEDIUM if score >= thresholds.medium else Route.LOW


def _assign(
    ctx: DaprWorkflowContext, request: ApplicationRequest, task: str
) -> Generator[Task[Any], Any, Assignment | str]:
    """Return the assignment of somebody who knows of it, or why there is none."""
    key = assignment_key(ctx.instance_id)
    try:
        answer = yield ctx.call_activity(
            ASSIGN_TASK,
            input=AssignTask(key=key, request=AssignmentRequest(title=task, skills=[RECRUITING])),
            retry_policy=RETRY,
        )
    except TaskFailedError as error:
        # It is not known whether the last attempt reached the assigner.
        yield from _release(ctx, key)
        return f"Assignment failed: {error.details.message}"
    assigned = AssignTaskResult.model_validate(answer)
    if assigned.assignment is None:
        return assigned.refusal or "No recruiter can take it"

    recruiter = assigned.assignment.email
    report(ctx, TELL_RECRUITER, f"Telling {recruiter}")
    untold = yield from _tell(
        ctx,
        SendNotification(
            key=notification_key(ctx.instance_id, "recruiter"),
            recipient=recruiter,
            subject="An application for you",
            body=f"{task} ({request.email})",
        ),
        FAIL_TO_TELL if request.simulate is Simulate.RECRUITER_UNREACHABLE else SEND_NOTIFICATION,
    )
    if untold is not None:
        yield from _release(ctx, key)
        return f"{recruiter} could not be told, so the assignment was released: {untold}"
    return assigned.assignment


def _tell(
    ctx: DaprWorkflowContext, message: SendNotification, step: str = SEND_NOTIFICATION
) -> Generator[Task[Any], Any, str | None]:
    """Send a message; return why that was not possible."""
    try:
        yield ctx.call_activity(step, input=message, retry_policy=RETRY)
    except TaskFailedError as error:
        return error.details.message
    return None


def _release(ctx: DaprWorkflowContext, key: str) -> Generator[Task[Any], Any, None]:
    report(ctx, RELEASE_ASSIGNMENT, "Releasing the assignment")
    yield ctx.call_activity(
        RELEASE_ASSIGNMENT, input=ReleaseAssignment(key=key), retry_policy=RETRY_COMPENSATION
    )


def _sample(number: int, text: str, **more: Any) -> dict[str, Any]:
    candidate = {"name": "Noor Haddad", "email": "noor@example.com"}
    ids = {"application_id": f"{number}", "position": "backend-engineer"}
    return {**ids, **candidate, "text": text, **more}


GOOD = "Six years of Python and SQL, REST interfaces, Kubernetes and Redis."

DEFINITION = Definition(
    name="application",
    workflow_name="application_workflow",
    workflow=application_workflow,
    input=ApplicationRequest,
    output=ApplicationResult,
    id_field="application_id",
    title="Job application",
    description="An application is scored by its keywords, 0 to 100, and leads to an interview, "
    "a review, or a courteous refusal. The rules are at `GET /applications/rules`.",
    path="/applications",
    search_fields=("name", "email", "position"),
    samples={
        "high": Sample(summary="80 points: an interview", request=_sample(1, GOOD)),
        "medium": Sample(
            summary="40 points: a review", request=_sample(2, "I write Python and SQL.")
        ),
        "low": Sample(
            summary="10 points: a courteous refusal", request=_sample(3, "Ten years of C++.")
        ),
        "rejected": Sample(
            summary="There is no such position", request=_sample(4, GOOD, position="astronaut")
        ),
        "failed": Sample(
            summary="The recruiter cannot be told, and the assignment is released",
            request=_sample(5, GOOD, simulate="recruiter-unreachable"),
        ),
    },
)
