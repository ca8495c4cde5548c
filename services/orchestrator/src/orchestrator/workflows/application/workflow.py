"""Job application: screen it by keywords, and route it by its score."""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts.assigner import Assignment, AssignmentRequest
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.messages import SEND_NOTIFICATION
from orchestrator.toolkit.people import assign, notify, release
from orchestrator.toolkit.progress import report
from orchestrator.workflows.application.models import (
    FAIL_TO_NOTIFY,
    FAULTS,
    NOTIFY_RECRUITER,
    RECRUITING,
    SCREEN_APPLICATION,
    ApplicationOutcome,
    ApplicationRequest,
    ApplicationResult,
    Route,
)
from orchestrator.workflows.application.samples import SAMPLES
from orchestrator.workflows.application.screening import Thresholds
from orchestrator.workflows.application.texts import TEXTS


def application_workflow(
    ctx: DaprWorkflowContext, request: ApplicationRequest
) -> Generator[Task[Any], Any, ApplicationResult]:
    """Screen; assign an interview or a review to a recruiter; notify recruiter and candidate.

    Where the recruiter cannot be notified, the assignment is released and the candidate is not
    notified either. A candidate who cannot be notified changes no decision.
    """
    result = ApplicationResult(
        application_id=request.application_id, status=ApplicationOutcome.FAILED, message=""
    )

    def ended(status: ApplicationOutcome, message: str) -> ApplicationResult:
        report(ctx, status, message)
        return result.model_copy(update={"status": status, "message": message})

    report(ctx, SCREEN_APPLICATION, "Searching for keywords")
    screening = yield from SCREEN_APPLICATION.call(ctx, request)
    if screening.score is None or screening.thresholds is None or screening.title is None:
        return ended(ApplicationOutcome.REJECTED, screening.rejection or "Not screened")

    points, route = screening.score.score, route_of(screening.score.score, screening.thresholds)
    result = result.model_copy(update={"score": screening.score, "route": route})
    texts = TEXTS[route]
    names = {"name": request.name, "title": screening.title, "recruiter": ""}
    if texts.task is not None:
        assigned = yield from _assign_recruiter(ctx, request, texts.task.format_map(names))
        if isinstance(assigned, str):
            return ended(ApplicationOutcome.FAILED, assigned)
        names["recruiter"] = assigned.name
        result = result.model_copy(update={"recruiter": assigned.email})

    error = yield from notify(
        ctx,
        request.email,
        subject=f"Your application: {screening.title}",
        body=f"Dear {request.name},\n\n{texts.candidate.format_map(names)}",
        step="candidate",
    )
    result = result.model_copy(update={"candidate_told": error is None})
    with_ = f", with {result.recruiter}" if result.recruiter else ""
    but = f"; the candidate could not be notified: {error}" if error else ""
    return ended(texts.outcome, f"{points} points: {texts.outcome}{with_}{but}")


def route_of(score: int, thresholds: Thresholds) -> Route:
    """Return the route of a score; a threshold belongs to the higher route."""
    if score >= thresholds.high:
        return Route.HIGH
    return Route.MEDIUM if score >= thresholds.medium else Route.LOW


def _assign_recruiter(
    ctx: DaprWorkflowContext, request: ApplicationRequest, task: str
) -> Generator[Task[Any], Any, Assignment | str]:
    """Return the assignment of a recruiter who was notified, or why there is none."""
    try:
        assigned = yield from assign(ctx, AssignmentRequest(title=task, skills=[RECRUITING]))
    except TaskFailedError as error:
        return f"Assignment failed: {error.details.message}"
    if assigned.assignment is None:
        return assigned.refusal or "No recruiter is available"

    recruiter = assigned.assignment.email
    unreachable = FAULTS[request.simulate].at(NOTIFY_RECRUITER).fails()
    failure = yield from notify(
        ctx,
        recruiter,
        subject="An application for you",
        body=f"{task} ({request.email})",
        step="recruiter",
        activity=FAIL_TO_NOTIFY if unreachable else SEND_NOTIFICATION,
    )
    if failure is not None:
        yield from release(ctx)
        # "told": the words of the recorded result.
        return f"{recruiter} could not be told, so the assignment was released: {failure}"
    return assigned.assignment


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
    samples=SAMPLES,
)
