"""Purchase approval: at once below the limit, else by a decision within a deadline."""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts.assigner import AssignmentRequest
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
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
from orchestrator.workflows.purchase.samples import SAMPLES
from orchestrator.workflows.purchase.workflow_v1 import purchase_approval_v1


def purchase_approval_workflow(
    ctx: DaprWorkflowContext, request: PurchaseRequest
) -> Generator[Task[Any], Any, PurchaseResult]:
    """Decide on the purchase, notify the requester, and release the approver's assignment."""
    result, assigned = yield from _decide(ctx, request)

    # This step was added while instances of version 2 were running. One whose history has
    # gone beyond this line without it gets False, and goes on as it began; every other one gets
    # True, and the engine notes that in its history. The `if` can go, and the step stay, when no
    # instance runs that began before the step was there: docs/changing-a-workflow.md.
    if ctx.is_patched("tell-requester"):
        failure = yield from notify(
            ctx,
            request.requester,
            subject=f"Your purchase was {result.status}",
            body=f"{request.item} for {request.price}: {result.message}. {result.comment}".rstrip(),
            step="tell-requester",
        )
        result.requester_told = failure is None

    if assigned:
        yield from release(ctx)
    report(ctx, result.status, result.message)
    return result


def _decide(
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


DEFINITION = Definition(
    name="purchase",
    workflow_name="purchase_approval_workflow",
    workflow=purchase_approval_workflow,
    version="2",
    previous_versions={"1": purchase_approval_v1},
    input=PurchaseRequest,
    output=PurchaseResult,
    id_field="purchase_id",
    title="Purchase approval",
    description="A purchase below the limit is approved at once; from there on an approver decides "
    "within a deadline, and is reminded at half of the time.",
    path="/purchase-orders",
    search_fields=("requester", "item", "approver"),
    events=(APPROVAL,),
    samples=SAMPLES,
)
