"""The decision on a purchase, which versions 2 and 3 have in common."""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts.assigner import AssignmentRequest
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.people import Reminder, assign, notify, release, wait_for_decision
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


def decide(
    ctx: DaprWorkflowContext, request: PurchaseRequest
) -> Generator[Task[Any], Any, tuple[PurchaseResult, bool]]:
    """Return the result, and whether an approver has the assignment."""

    def ended(
        status: PurchaseOutcome, message: str, *, assigned: bool = False
    ) -> tuple[PurchaseResult, bool]:
        result = PurchaseResult(purchase_id=request.purchase_id, status=status, message=message)
        return result, assigned

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
        answer = yield from assign(ctx, wanted)
    except TaskFailedError as error:
        return ended(PurchaseOutcome.FAILED, f"Assignment failed: {error.details.message}")
    if answer.assignment is None:
        return ended(PurchaseOutcome.REFUSED, answer.refusal or "No approver is available")
    approver = answer.assignment.email

    what = f"{request.requester} wants to buy for {request.price}: {request.item}"
    failure = yield from notify(ctx, approver, "A purchase to approve", what)
    if failure is not None:
        # "told": the message is a part of the requester's notification, and so of histories.
        message = f"{approver} could not be told: {failure}"
        return ended(PurchaseOutcome.FAILED, message, assigned=True)

    started = ctx.current_utc_datetime
    until = started + terms.time_to_decide
    event_wait = EventWait(ctx, APPROVAL, Approval, until=until, assigned_to=approver)
    half_time = Reminder(started + terms.time_to_decide / 2, "A purchase still to approve", what)
    approval = yield from wait_for_decision(ctx, event_wait, approver, [half_time])
    if approval is None:
        return ended(PurchaseOutcome.CANCELLED, NOBODY_DECIDED, assigned=True)
    return decided(request, approval), True


def notify_requester(
    ctx: DaprWorkflowContext, request: PurchaseRequest, result: PurchaseResult
) -> Generator[Task[Any], Any, None]:
    """Notify the requester of the decision, and note in the result whether that was possible."""
    failure = yield from notify(
        ctx,
        request.requester,
        subject=f"Your purchase was {result.status}",
        body=f"{request.item} for {request.price}: {result.message}. {result.comment}".rstrip(),
        step="tell-requester",
    )
    result.requester_told = failure is None


def end(
    ctx: DaprWorkflowContext, result: PurchaseResult, *, assigned: bool
) -> Generator[Task[Any], Any, PurchaseResult]:
    """Release the approver's assignment, where there is one, and report the result."""
    if assigned:
        yield from release(ctx)
    report(ctx, result.status, result.message)
    return result
