"""Order: reserve stock, take payment, ship, notify; or compensate every step."""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts import notifier
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.people import notify
from orchestrator.toolkit.progress import report
from orchestrator.workflows.order.models import (
    CANCEL_SHIPMENT,
    NOTIFY_CUSTOMER,
    REFUND_PAYMENT,
    RELEASE_STOCK,
    OrderOutcome,
    OrderRequest,
    OrderResult,
)
from orchestrator.workflows.order.saga import OrderSaga, Refused
from orchestrator.workflows.order.samples import SAMPLES


def order_workflow(
    ctx: DaprWorkflowContext, order: OrderRequest
) -> Generator[Task[Any], Any, OrderResult]:
    """Validate, reserve stock, take payment, ship, notify.

    Where a step refuses or fails permanently, every step that was begun is compensated, the last
    first, and the customer is notified. That includes the notification of the customer: goods do
    not arrive unannounced.
    """
    saga = OrderSaga(ctx, order)
    try:
        yield from saga.run()
    except Refused as refused:
        status, message, reason = OrderOutcome.REJECTED, str(refused), str(refused)
    except TaskFailedError as error:
        status = OrderOutcome.COMPENSATED
        message = f"{saga.current_step} failed: {error.details.message}"
        reason = "something went wrong on our side"
    else:
        message = f"Shipped to {order.customer} for {saga.total}"
        report(ctx, OrderOutcome.COMPLETED, message)
        return OrderResult(
            order_id=order.order_id,
            status=OrderOutcome.COMPLETED,
            message=message,
            total=saga.total,
            shipment=saga.shipment,
            customer_told=True,
        )
    compensations = yield from saga.compensate()
    failure = yield from _apologize(ctx, order, reason, refunded=REFUND_PAYMENT in compensations)
    report(ctx, status, message)
    return OrderResult(
        order_id=order.order_id,
        status=status,
        message=message,
        total=saga.total,
        undone=compensations,
        customer_told=failure is None,
    )


def _apologize(
    ctx: DaprWorkflowContext, order: OrderRequest, reason: str, *, refunded: bool
) -> Generator[Task[Any], Any, str | None]:
    """Notify the customer that the order was not carried out; return the error, if any."""
    paid = "You have your money back." if refunded else "You have paid nothing."
    return (
        yield from notify(
            ctx,
            order.customer,
            subject=f"Your order {order.order_id} was not carried out",
            body=f"Your order {order.order_id} was not carried out: {reason}. {paid}",
            step="notify-undone",
        )
    )


DEFINITION = Definition(
    name="order",
    workflow_name="order_workflow",
    workflow=order_workflow,
    input=OrderRequest,
    output=OrderResult,
    id_field="order_id",
    title="Order",
    description="Goods are reserved, paid and shipped, and the customer is notified. Where a step "
    "fails permanently, those before it are compensated in reverse order: a saga.",
    compensations=(CANCEL_SHIPMENT, REFUND_PAYMENT, RELEASE_STOCK),
    peer_calls={NOTIFY_CUSTOMER: notifier.APP_ID},
    path="/orders",
    search_fields=("customer", "lines.sku"),
    samples=SAMPLES,
)
