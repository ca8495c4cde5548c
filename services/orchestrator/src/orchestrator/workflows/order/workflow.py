"""Order: reserve stock, take payment, ship, notify; or undo all of it."""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts.notifier import notification_key
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.messages import SEND_NOTIFICATION, SendNotification
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import RETRY, RETRY_COMPENSATION
from orchestrator.workflows.order.models import (
    CANCEL_SHIPMENT,
    REFUND_PAYMENT,
    RELEASE_STOCK,
    OrderOutcome,
    OrderRequest,
    OrderResult,
    Undone,
)
from orchestrator.workflows.order.saga import Compensation, Placing, Refused
from orchestrator.workflows.order.samples import SAMPLES


def order_workflow(
    ctx: DaprWorkflowContext, order: OrderRequest
) -> Generator[Task[Any], Any, OrderResult]:
    """Validate, reserve stock, take payment, ship, notify.

    Where a step refuses or fails for good, all that was done is undone, the last first, and the
    customer is told. That includes the customer's not being told: goods that come unannounced
    would be a surprise, so they stay here.
    """
    placing = Placing(ctx, order)
    try:
        yield from placing.run()
    except Refused as refused:
        status, message, why = OrderOutcome.REJECTED, str(refused), str(refused)
    except TaskFailedError as error:
        status, message = OrderOutcome.COMPENSATED, f"{placing.at} failed: {error.details.message}"
        why = "something went wrong on our side"
    else:
        message = f"Shipped to {order.customer} for {placing.total}"
        report(ctx, OrderOutcome.COMPLETED, message)
        return OrderResult(
            order_id=order.order_id,
            status=OrderOutcome.COMPLETED,
            message=message,
            total=placing.total,
            shipment=placing.shipment,
            customer_told=True,
        )
    undone = yield from _compensate(ctx, placing.compensations)
    told = yield from _apologize(ctx, order, why, refunded=REFUND_PAYMENT in undone)
    report(ctx, status, message)
    return OrderResult(
        order_id=order.order_id,
        status=status,
        message=message,
        total=placing.total,
        undone=undone,
        customer_told=told,
    )


def _compensate(
    ctx: DaprWorkflowContext, compensations: list[Compensation]
) -> Generator[Task[Any], Any, list[str]]:
    """Undo what was done, the last first, each until it holds; return what had an effect."""
    undone = []
    for compensation in reversed(compensations):
        report(ctx, compensation.activity, compensation.message)
        answer = yield ctx.call_activity(
            compensation.activity, input=compensation.input, retry_policy=RETRY_COMPENSATION
        )
        if Undone.model_validate(answer).undone:
            undone.append(compensation.activity)
    return undone


def _apologize(
    ctx: DaprWorkflowContext, order: OrderRequest, why: str, *, refunded: bool
) -> Generator[Task[Any], Any, bool]:
    """Tell the customer that the order will not be; return whether that was possible."""
    report(ctx, SEND_NOTIFICATION, f"Telling {order.customer} that the order was not carried out")
    paid = "You have your money back." if refunded else "You have paid nothing."
    sorry = SendNotification(
        key=notification_key(ctx.instance_id, "notify-undone"),
        recipient=order.customer,
        subject=f"Your order {order.order_id} was not carried out",
        body=f"Your order {order.order_id} was not carried out: {why}. {paid}",
    )
    try:
        yield ctx.call_activity(SEND_NOTIFICATION, input=sorry, retry_policy=RETRY)
    except TaskFailedError:
        # Money and goods are back where they belong; the result says that nobody was told.
        return False
    return True


DEFINITION = Definition(
    name="order",
    workflow_name="order_workflow",
    workflow=order_workflow,
    input=OrderRequest,
    output=OrderResult,
    id_field="order_id",
    title="Order",
    description="Goods are reserved, paid and shipped, and the customer is told. Where one of "
    "these fails, all that was done is undone in reverse order: a saga.",
    compensations=(CANCEL_SHIPMENT, REFUND_PAYMENT, RELEASE_STOCK),
    path="/orders",
    search_fields=("customer", "lines.sku"),
    samples=SAMPLES,
)
