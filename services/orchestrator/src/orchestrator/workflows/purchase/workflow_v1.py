"""Purchase approval, version 1: without a reminder and a notification of the requester.

It is kept for the instances that it started, and can go when none of them runs any more:
docs/changing-a-workflow.md says how to see that.
"""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts.assigner import AssignmentRequest
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.people import assign, notify, release, wait_for_decision
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.waits import EventWait
from orchestrator.workflows.purchase.models import (
    APPROVAL,
    APPROVER_SKILL,
    NOBODY_DECIDED,
    VALIDATE_PURCHASE,
    Approval,
    PurchaseOutcome,
    PurchaseRequest,
    PurchaseResult,
    decided,
)


def purchase_approval_v1(
    ctx: DaprWorkflowContext, request: PurchaseRequest
) -> Generator[Task[Any], Any, PurchaseResult]:
    """Approve at once below the limit, else by the decision of an approver."""

    def ended(status: PurchaseOutcome, message: str) -> PurchaseResult:
        report(ctx, status, message)
        return PurchaseResult(purchase_id=request.purchase_id, status=status, message=message)

    report(ctx, VALIDATE_PURCHASE, "Checking the purchase")
    try:
        terms = yield from VALIDATE_PURCHASE.call(ctx, request)
    except TaskFailedError as error:
        return ended(PurchaseOutcome.FAILED, f"Validation failed: {error.details.message}")
    if terms.rejection is not None:
        return ended(PurchaseOutcome.REJECTED, terms.rejection)
    if request.amount < terms.limit:
        return ended(PurchaseOutcome.APPROVED, "Approved at once: it is below the limit")

    wanted = AssignmentRequest(
        title=f"Approve: {request.item}", assignee=request.approver, skills=[APPROVER_SKILL]
    )
    try:
        assigned = yield from assign(ctx, wanted)
    except TaskFailedError as error:
        return ended(PurchaseOutcome.FAILED, f"Assignment failed: {error.details.message}")
    if assigned.assignment is None:
        return ended(PurchaseOutcome.REFUSED, assigned.refusal or "No approver is available")
    approver = assigned.assignment.email

    body = f"{request.requester} wants to buy for {request.price}: {request.item}"
    failure = yield from notify(ctx, approver, "A purchase to approve", body)
    if failure is not None:
        yield from release(ctx)
        return ended(PurchaseOutcome.FAILED, f"{approver} could not be notified: {failure}")

    until = ctx.current_utc_datetime + terms.time_to_decide
    event_wait = EventWait(ctx, APPROVAL, Approval, until=until, assigned_to=approver)
    approval = yield from wait_for_decision(ctx, event_wait, approver)
    yield from release(ctx)
    if approval is None:
        return ended(PurchaseOutcome.CANCELLED, NOBODY_DECIDED)
    result = decided(request, approval)
    report(ctx, result.status, result.message)
    return result
