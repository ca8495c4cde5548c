"""Research: search every source in parallel, write a draft, have it reviewed, deliver it."""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.lives import key_root
from orchestrator.toolkit.people import notify, release
from orchestrator.toolkit.progress import report
from orchestrator.workflows.research.draft import write_draft
from orchestrator.workflows.research.models import (
    DELIVER_REPORT,
    PATH,
    PLAN_RESEARCH,
    REVIEW,
    DeliverReport,
    ResearchOutcome,
    ResearchPlan,
    ResearchRequest,
    ResearchResult,
    draft_key,
    report_key,
)
from orchestrator.workflows.research.review import find_reviewer, verdict_of, wait_for_review
from orchestrator.workflows.research.samples import SAMPLES
from orchestrator.workflows.research.steps import MAX_ERROR, Verdict, format_error

# From this confidence on, in percent, a draft is delivered without a review.
ENOUGH = 80


def research_workflow(
    ctx: DaprWorkflowContext, request: ResearchRequest
) -> Generator[Task[Any], Any, ResearchResult]:
    """Plan; draft; have it reviewed where the confidence is low; deliver; notify the requester."""
    result = ResearchResult(
        research_id=request.research_id, status=ResearchOutcome.FAILED, message=""
    )

    def ended(status: ResearchOutcome, message: str) -> ResearchResult:
        report(ctx, status, message)
        return result.model_copy(update={"status": status, "message": message})

    report(ctx, PLAN_RESEARCH, "Checking the question")
    try:
        plan = yield from PLAN_RESEARCH.call(ctx, request)
    except TaskFailedError as error:
        return ended(ResearchOutcome.FAILED, f"It could not be planned: {format_error(error)}")
    if plan.rejection is not None:
        return ended(ResearchOutcome.REJECTED, plan.rejection)

    status, message = yield from _draft(ctx, request, plan, result)
    if status is ResearchOutcome.COMPLETED:
        try:
            yield from _deliver(ctx, result.rounds)
        except TaskFailedError as error:
            status, message = ResearchOutcome.FAILED, f"It could not be kept: {format_error(error)}"
        else:
            result.report = f"{PATH}/{ctx.instance_id}/report"
    failure = yield from _notify_requester(ctx, request, status, message, result.report)
    if failure is not None:
        message = f"{message}; {request.requester} could not be notified: {failure[:MAX_ERROR]}"
    return ended(status, message)


def _draft(
    ctx: DaprWorkflowContext, request: ResearchRequest, plan: ResearchPlan, result: ResearchResult
) -> Generator[Task[Any], Any, Verdict]:
    """Write a draft, and have it reviewed unless its confidence is enough."""
    failed = yield from write_draft(ctx, request, plan, result, [])
    if failed is not None:
        return failed
    if (result.confidence or 0) >= ENOUGH:
        return Verdict(ResearchOutcome.COMPLETED, f"The confidence is {result.confidence} %")
    reviewer, why = yield from find_reviewer(ctx, request)
    if reviewer is None:
        return Verdict(ResearchOutcome.FAILED, f"Nobody can review the draft: {why}")
    verdict = yield from _review(ctx, request, plan, result, reviewer)
    yield from release(ctx)
    return verdict


def _review(
    ctx: DaprWorkflowContext,
    request: ResearchRequest,
    plan: ResearchPlan,
    result: ResearchResult,
    reviewer: str,
) -> Generator[Task[Any], Any, Verdict]:
    """Have drafts reviewed until one is approved or rejected, or there is no more time.

    The reviewer who requests a revision reviews it as well, whatever its confidence.
    """
    comments: list[str] = []
    while True:
        review = yield from wait_for_review(ctx, request, plan, result, reviewer)
        if isinstance(review, Verdict):
            return review
        verdict = verdict_of(review, result.rounds)
        if verdict is not None:
            return verdict
        comments = [*comments, review.comment]
        failed = yield from write_draft(ctx, request, plan, result, comments)
        if failed is not None:
            return failed


def _deliver(ctx: DaprWorkflowContext, number: int) -> Generator[Task[Any], Any, None]:
    report(ctx, DELIVER_REPORT, "Delivering the report")
    root = key_root(ctx)
    step = DeliverReport(key=report_key(root), draft=draft_key(root, number))
    yield from DELIVER_REPORT.call(ctx, step)


def _notify_requester(
    ctx: DaprWorkflowContext,
    request: ResearchRequest,
    status: ResearchOutcome,
    message: str,
    address: str | None,
) -> Generator[Task[Any], Any, str | None]:
    where = f"\n\nRead {address}" if address else ""
    return (
        yield from notify(
            ctx,
            request.requester,
            subject=f"Your research {request.research_id}: {status}",
            body=f"{request.question}\n\n{message}{where}",
        )
    )


DEFINITION = Definition(
    name="research",
    workflow_name="research_workflow",
    workflow=research_workflow,
    input=ResearchRequest,
    output=ResearchResult,
    id_field="research_id",
    title="Research",
    description="A question is answered from every source, with citations and a confidence; a "
    "draft of low confidence is delivered once a reviewer approves it.",
    path=PATH,
    search_fields=("requester", "reviewer", "question"),
    events=(REVIEW,),
    samples=SAMPLES,
)
