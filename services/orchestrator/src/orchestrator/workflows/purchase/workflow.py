"""Purchase approval: at once below the limit, else by a decision within a deadline."""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.workflows.purchase.decision import decide, end, notify_requester
from orchestrator.workflows.purchase.models import APPROVAL, PurchaseRequest, PurchaseResult
from orchestrator.workflows.purchase.samples import SAMPLES
from orchestrator.workflows.purchase.workflow_v1 import purchase_approval_v1
from orchestrator.workflows.purchase.workflow_v2 import purchase_approval_v2


def purchase_approval_workflow(
    ctx: DaprWorkflowContext, request: PurchaseRequest
) -> Generator[Task[Any], Any, PurchaseResult]:
    """Decide on the purchase, notify the requester, and release the approver's assignment."""
    result, assigned = yield from decide(ctx, request)
    yield from notify_requester(ctx, request, result)
    return (yield from end(ctx, result, assigned=assigned))


DEFINITION = Definition(
    name="purchase",
    workflow_name="purchase_approval_workflow",
    workflow=purchase_approval_workflow,
    version="3",
    previous_versions={"1": purchase_approval_v1, "2": purchase_approval_v2},
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
