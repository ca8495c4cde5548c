"""The saga of an order: its steps, and the compensation of each."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Generic

from dapr.ext.workflow import DaprWorkflowContext

from contracts.notifier import notification_key
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.activity_ref import ActivityRef, In, Out
from orchestrator.toolkit.lives import key_root
from orchestrator.toolkit.messages import SendNotification
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.until_success import until_success
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
    Money,
    NotifyCustomer,
    OrderRequest,
    ReleaseStock,
    ReserveStock,
    ShipOrder,
    StepAnswer,
    TakePayment,
)


class Refused(Exception):
    """A step refused, as by the rules of the business: the order is rejected."""


@dataclass(frozen=True)
class Compensation(Generic[In]):
    """An activity that compensates a step."""

    activity: ActivityRef[In, Compensated]
    input: In
    message: str


class OrderSaga:
    """The steps of an order; whatever was begun can be compensated.

    Attributes:
        current_step: The step that was called last.
        total: The price, once it is known.
        shipment: The key of the shipment, once shipping was begun.
    """

    def __init__(self, ctx: DaprWorkflowContext, order: OrderRequest) -> None:
        """Prepare the saga of an order."""
        self._ctx = ctx
        self._order = order
        self.current_step: str = VALIDATE_ORDER
        self.total: Money | None = None
        self.shipment: str | None = None
        # Their inputs differ; `_add_compensation` has each checked against its activity.
        self._compensations: list[Compensation[Any]] = []

    def run(self) -> Generator[Task[Any], Any, None]:
        """Run the steps in their order.

        Raises:
            Refused: A step refused.
            TaskFailedError: A step failed permanently.
        """
        order, lines = self._order, self._order.lines
        validated = yield from self._call(VALIDATE_ORDER, order, "Checking the order")
        if validated.total is None:
            raise Refused(validated.rejection)
        self.total = total = validated.total

        stock = self._key(RESERVE_STOCK)
        # Each is added before its step: a step that failed or refused may have had a part of its
        # effect.
        release = ReleaseStock(key=stock, lines=len(lines))
        self._add_compensation(RELEASE_STOCK, release, "Releasing the reserved goods")
        reserve = ReserveStock(key=stock, lines=lines, failures=order.failures_of(RESERVE_STOCK))
        yield from self._step(RESERVE_STOCK, reserve, "Reserving the goods")

        payment = self._key(TAKE_PAYMENT)
        refund = Compensate(key=payment, failures=order.failures_of(REFUND_PAYMENT))
        self._add_compensation(REFUND_PAYMENT, refund, f"Refunding {total} to {order.customer}")
        take = TakePayment(
            key=payment,
            customer=order.customer,
            total=total,
            failures=order.failures_of(TAKE_PAYMENT),
        )
        yield from self._step(TAKE_PAYMENT, take, f"Taking {total} from {order.customer}")

        self.shipment = shipment = self._key(SHIP_ORDER)
        self._add_compensation(CANCEL_SHIPMENT, Compensate(key=shipment), "Cancelling the shipment")
        ship = ShipOrder(
            key=shipment,
            customer=order.customer,
            lines=lines,
            failures=order.failures_of(SHIP_ORDER),
        )
        yield from self._step(SHIP_ORDER, ship, f"Shipping to {order.customer}")

        # Not by people.notify: recorded histories have an activity of its own for this step.
        key = notification_key(key_root(self._ctx))
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
        yield from self._step(NOTIFY_CUSTOMER, notify, f"Notifying {order.customer}")

    def compensate(self) -> Generator[Task[Any], Any, list[str]]:
        """Compensate the steps that were begun, the last first, each until it succeeds.

        Returns:
            The compensations that had an effect.
        """
        effective: list[str] = []
        for compensation in reversed(self._compensations):
            report(self._ctx, compensation.activity, compensation.message)
            compensated = yield from until_success(
                self._ctx, compensation.activity, compensation.input, compensation.message
            )
            if compensated.undone:
                effective.append(compensation.activity)
        return effective

    def _step(
        self, activity: ActivityRef[In, StepAnswer], step: In, message: str
    ) -> Generator[Task[Any], Any, None]:
        answer = yield from self._call(activity, step, message)
        if answer.refusal is not None:
            raise Refused(answer.refusal)

    def _call(
        self, activity: ActivityRef[In, Out], step: In, message: str
    ) -> Generator[Task[Any], Any, Out]:
        self.current_step = activity
        report(self._ctx, activity, message)
        return (yield from activity.call(self._ctx, step))

    def _add_compensation(
        self, activity: ActivityRef[In, Compensated], step: In, message: str
    ) -> None:
        self._compensations.append(Compensation(activity, step, message))

    def _key(self, step: str) -> str:
        return f"{key_root(self._ctx)}:{step}"
