"""Purchase approval, version 2: the notification of the requester was added to it by a patch.

It is kept for the instances that it started, and can go when none of them runs any more:
docs/changing-a-workflow.md says how to see that.
"""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.dapr_sdk.private import Task
from orchestrator.workflows.purchase.decision import decide, end, notify_requester
from orchestrator.workflows.purchase.models import PurchaseRequest, PurchaseResult


def purchase_approval_v2(
    ctx: DaprWorkflowContext, request: PurchaseRequest
) -> Generator[Task[Any], Any, PurchaseResult]:
    """Decide on the purchase, notify the requester, and release the approver's assignment."""
    result, assigned = yield from decide(ctx, request)
    # An instance whose history has gone beyond this line without the step gets False, and goes on
    # as it began; every other one gets True, and the engine notes that in its history.
    if ctx.is_patched("tell-requester"):
        yield from notify_requester(ctx, request, result)
    return (yield from end(ctx, result, assigned=assigned))
