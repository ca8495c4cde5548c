"""The steps of an order, and what undoes each of them."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from contracts.notifier import notification_key
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.messages import SendNotification
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import RETRY
from orchestrator.workflows.order.models import (
    CANCEL_SHIPMENT,
    NOTIFY_CUSTOMER,
    REFUND_PAYMENT,
    RELEASE_STOCK,
    RESERVE_STOCK,
    SHIP_ORDER,
    TAKE_PAYMENT,
    VALIDATE_ORDER,
    Money,
    NotifyCustomer,
    OrderRequest,
    ReleaseStock,
    ReserveStock,
    ShipOrder,
    Step,
    StepAnswer,
    TakePayment,
    Undo,
    ValidatedOrder,
)


class Refused(Exception):
    """A step said no: the order ends here, and nothing failed."""


@dataclass(frozen=True)
class Compensation:
    """What undoes a step."""

    activity: str
    input: Undo
    message: str


class Placing:
    """The steps forward, and what undoes those that were begun."""

    def __init__(self, ctx: DaprWorkflowContext, order: OrderRequest) -> None:
        """Prepare to place an order."""
        self._ctx = ctx
        self._order = order
        self.at = VALIDATE_ORDER
        self.total: Money | None = None
        self.shipment: str | None = None
        self.compensations: list[Compensation] = []

    def run(self) -> Generator[Task[Any], Any, None]:
        """Take each step; raises Refused where one says no, TaskFailedError where one fails."""
        order, lines = self._order, self._order.lines
        checked = yield from self._call(VALIDATE_ORDER, order, "Checking the order")
        validated = ValidatedOrder.model_validate(checked)
        if validated.total is None:
            raise Refused(validated.rejection)
        self.total = total = validated.total

        stock = self._key(RESERVE_STOCK)
        # Each is noted before its step: a step that failed, or said no, may have been done in part.
        release = ReleaseStock(key=stock, lines=len(lines))
        self._undo_by(RELEASE_STOCK, release, "Releasing the reserved goods")
        reserve = ReserveStock(key=stock, lines=lines, failures=order.failures_of(RESERVE_STOCK))
        yield from self._step(RESERVE_STOCK, reserve, "Reserving the goods")

        payment = self._key(TAKE_PAYMENT)
        refund = Undo(key=payment, failures=order.failures_of(REFUND_PAYMENT))
        self._undo_by(REFUND_PAYMENT, refund, f"Refunding {total} to {order.customer}")
        take = TakePayment(
            key=payment,
            customer=order.customer,
            total=total,
            failures=order.failures_of(TAKE_PAYMENT),
        )
        yield from self._step(TAKE_PAYMENT, take, f"Taking {total} from {order.customer}")

        self.shipment = shipment = self._key(SHIP_ORDER)
        self._undo_by(CANCEL_SHIPMENT, Undo(key=shipment), "Cancelling the shipment")
        ship = ShipOrder(
            key=shipment,
            customer=order.customer,
            lines=lines,
            failures=order.failures_of(SHIP_ORDER),
        )
        yield from self._step(SHIP_ORDER, ship, f"Shipping to {order.customer}")

        key = notification_key(self._ctx.instance_id)
        notify = NotifyCustomer(
            key=key,
            notification=SendNotification(
                key=key,
                recipient=order.customer,
                subject=f"Your order {order.order_id} is on its way",
                body=f"Your order {order.order_id} is on its way to you. You have paid {total}.",
            ),
            failures=order.failures_of(NOTIFY_CUSTOMER),
        )
        yield from self._step(NOTIFY_CUSTOMER, notify, f"Telling {order.customer}")

    def _step(self, name: str, step: Step, message: str) -> Generator[Task[Any], Any, None]:
        answer = StepAnswer.model_validate((yield from self._call(name, step, message)))
        if answer.refusal is not None:
            raise Refused(answer.refusal)

    def _call(self, name: str, step: Any, message: str) -> Generator[Task[Any], Any, Any]:
        self.at = name
        report(self._ctx, name, message)
        return (yield self._ctx.call_activity(name, input=step, retry_policy=RETRY))

    def _undo_by(self, activity: str, undo: Undo, message: str) -> None:
        self.compensations.append(Compensation(activity, undo, message))

    def _key(self, step: str) -> str:
        return f"{self._ctx.instance_id}:{step}"
