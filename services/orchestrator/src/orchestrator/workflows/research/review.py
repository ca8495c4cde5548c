"""The review of a draft: who reviews it, and what follows from the decision."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts.assigner import AssignmentRequest
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.people import assign, notify, wait_for_decision
from orchestrator.toolkit.waits import EventWait
from orchestrator.workflows.research.models import (
    MAX_ROUNDS,
    PATH,
    REVIEW,
    ResearchOutcome,
    ResearchPlan,
    ResearchRequest,
    ResearchResult,
    Review,
    ReviewDecision,
)
from orchestrator.workflows.research.steps import MAX_ERROR, Verdict, format_error


def find_reviewer(
    ctx: DaprWorkflowContext, request: ResearchRequest
) -> Generator[Task[Any], Any, tuple[str | None, str | None]]:
    """Return the reviewer's e-mail address, or why there is none."""
    wanted = AssignmentRequest(
        title=f"Review: {request.question}"[:200],
        assignee=request.reviewer,
        skills=[] if request.reviewer else request.reviewer_skills,
    )
    try:
        assigned = yield from assign(ctx, wanted)
    except TaskFailedError as error:
        return None, format_error(error)
    email = assigned.assignment.email if assigned.assignment else None
    return email, assigned.refusal


def wait_for_review(
    ctx: DaprWorkflowContext,
    request: ResearchRequest,
    plan: ResearchPlan,
    result: ResearchResult,
    reviewer: str,
) -> Generator[Task[Any], Any, Review | Verdict]:
    """Return the review of the newest draft, or what follows where none came in time."""
    number = result.rounds
    until = ctx.current_utc_datetime + timedelta(seconds=plan.review_seconds)
    waiting = EventWait(ctx, REVIEW, Review, until=until, assigned_to=reviewer)
    failure = yield from notify(
        ctx,
        reviewer,
        subject=f"To review: draft {number} of {ctx.instance_id}",
        body=f"{request.question}\n\nThe confidence is {result.confidence} %. Read "
        f"{PATH}/{ctx.instance_id}/drafts/{number} and decide by {until:%Y-%m-%d %H:%M} UTC.",
        step=f"review:{number}",
        waits=[waiting.wait],
        until=until,
    )
    if failure is None:
        review = yield from wait_for_decision(ctx, waiting, reviewer)
    else:
        # What the API accepted meanwhile counts.
        review = yield from waiting.close()
    if review is not None:
        result.reviewer = review.reviewer
        return review
    if failure is not None:
        why = f"{reviewer} could not be notified of draft {number}: {failure[:MAX_ERROR]}"
        return Verdict(ResearchOutcome.FAILED, why)
    return Verdict(ResearchOutcome.EXPIRED, f"Nobody reviewed draft {number} in time")


def verdict_of(review: Review, number: int) -> Verdict | None:
    """Return what follows from the review of a draft; None where it requests another one."""
    said = f"by {review.reviewer}" + (f": {review.comment}" if review.comment else "")
    if review.decision is ReviewDecision.APPROVE:
        return Verdict(ResearchOutcome.COMPLETED, f"Approved {said}")
    if review.decision is ReviewDecision.REJECT:
        return Verdict(ResearchOutcome.REJECTED, f"Rejected {said}")
    if number < MAX_ROUNDS:
        return None
    return Verdict(ResearchOutcome.REJECTED, f"Not good enough after {number} drafts, {said}")
