"""The steps of an order, and their compensations.

An injected failure comes after the effect, as where an answer is lost: so the effect is there, and
must not happen twice, and must be compensated.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.toolkit.activities import notification
from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.fault_injection import inject_failures
from orchestrator.toolkit.ledger import KeyCompensated, KeyReused
from orchestrator.toolkit.messages import SEND_NOTIFICATION
from orchestrator.workflows.order.adapters.ledger_shop import Shop, open_shop
from orchestrator.workflows.order.models import (
    CANCEL_SHIPMENT,
    NOTIFY_CUSTOMER,
    REFUND_PAYMENT,
    RELEASE_STOCK,
    RESERVE_STOCK,
    SHIP_ORDER,
    TAKE_PAYMENT,
    VALIDATE_ORDER,
    Compensate,
    Compensated,
    NotifyCustomer,
    OrderRequest,
    ReleaseStock,
    ReserveStock,
    ShipOrder,
    Step,
    StepAnswer,
    TakePayment,
    ValidatedOrder,
)
from orchestrator.workflows.order.settings import OrderSettings
from orchestrator.workflows.order.shop import Shipment


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities of an order."""
    shop = open_shop(dependencies.store, dependencies.workflow_settings.of(OrderSettings))
    return {**_steps(dependencies, shop), **_compensations(dependencies, shop)}


def _steps(dependencies: ActivityDependencies, shop: Shop) -> Activities:
    send_notification = notification.activities(dependencies)[SEND_NOTIFICATION]

    async def validate_order(_: WorkflowActivityContext, order: OrderRequest) -> ValidatedOrder:
        """Return the price of an order, or why it is rejected."""
        return shop.assortment.check(order.lines)

    async def reserve_stock(_: WorkflowActivityContext, step: ReserveStock) -> StepAnswer:
        """Reserve each line, up to the first that exceeds the stock."""
        for index, line in enumerate(step.lines):
            with _permanent_refusal():
                refusal = await shop.stock.reserve(_line(step, index), line.sku, line.quantity)
            if refusal is not None:
                return StepAnswer(refusal=refusal)
        await _inject_failures(dependencies, step, RESERVE_STOCK)
        return StepAnswer()

    async def take_payment(_: WorkflowActivityContext, step: TakePayment) -> StepAnswer:
        """Take the total out of the customer's wallet."""
        with _permanent_refusal():
            refusal = await shop.payments.charge(step.key, step.customer, step.total.amount)
        if refusal is None:
            await _inject_failures(dependencies, step, TAKE_PAYMENT)
        return StepAnswer(refusal=refusal)

    async def ship_order(_: WorkflowActivityContext, step: ShipOrder) -> StepAnswer:
        """Hand the goods to the carrier."""
        shipment = Shipment(key=step.key, customer=step.customer, lines=step.lines)
        with _permanent_refusal():
            await shop.shipping.ship(shipment)
        await _inject_failures(dependencies, step, SHIP_ORDER)
        return StepAnswer()

    async def notify_customer(ctx: WorkflowActivityContext, step: NotifyCustomer) -> StepAnswer:
        """Notify the customer; here the failure comes first: a notification stays."""
        await _inject_failures(dependencies, step, NOTIFY_CUSTOMER)
        await send_notification(ctx, step.notification)
        return StepAnswer()

    return {
        VALIDATE_ORDER: validate_order,
        RESERVE_STOCK: reserve_stock,
        TAKE_PAYMENT: take_payment,
        SHIP_ORDER: ship_order,
        NOTIFY_CUSTOMER: notify_customer,
    }


def _compensations(dependencies: ActivityDependencies, shop: Shop) -> Activities:
    async def release_stock(_: WorkflowActivityContext, step: ReleaseStock) -> Compensated:
        """Release every line, reserved or not."""
        released = [await shop.stock.compensate(_line(step, i)) for i in range(step.lines)]
        await _inject_failures(dependencies, step, RELEASE_STOCK)
        return Compensated(undone=any(released))

    async def refund_payment(_: WorkflowActivityContext, step: Compensate) -> Compensated:
        """Refund the total, taken or not."""
        refunded = await shop.payments.compensate(step.key)
        await _inject_failures(dependencies, step, REFUND_PAYMENT)
        return Compensated(undone=refunded)

    async def cancel_shipment(_: WorkflowActivityContext, step: Compensate) -> Compensated:
        """Cancel the shipment, made or not."""
        cancelled = await shop.shipping.compensate(step.key)
        await _inject_failures(dependencies, step, CANCEL_SHIPMENT)
        return Compensated(undone=cancelled)

    return {
        RELEASE_STOCK: release_stock,
        REFUND_PAYMENT: refund_payment,
        CANCEL_SHIPMENT: cancel_shipment,
    }


async def _inject_failures(dependencies: ActivityDependencies, step: Step, activity: str) -> None:
    await inject_failures(dependencies.store, f"{activity}:{step.key}", step.failures)


@contextmanager
def _permanent_refusal() -> Iterator[None]:
    """Make it a permanent failure that the step was compensated while it was on its way."""
    try:
        yield
    except (KeyCompensated, KeyReused) as error:
        raise NonRetryableError(str(error)) from error


def _line(step: Step, index: int) -> str:
    return f"{step.key}:{index}"
