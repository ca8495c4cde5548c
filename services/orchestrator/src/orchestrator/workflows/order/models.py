"""What an order takes, calls and returns."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from contracts.fields import EmailAddress, RequestId
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.definition import Request
from orchestrator.toolkit.fault_plan import ALWAYS, NO_FAULTS, Fault, FaultPlan
from orchestrator.toolkit.messages import SendNotification

Sku = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
"""A stock keeping unit: the shop's name for a kind of goods, such as `pencil`."""

# All of them have two decimals.
Currency = Literal["EUR", "GBP", "USD"]


class Money(BaseModel):
    """An amount of money."""

    amount: int = Field(description="In the smallest unit, such as cents")
    currency: Currency

    def __str__(self) -> str:
        return f"{self.amount // 100}.{self.amount % 100:02} {self.currency}"


class OrderFault(StrEnum):
    """The step that fails: permanently, or, with `retries`, some times before it succeeds."""

    STOCK = "stock"
    STOCK_RETRIES = "stock_retries"
    PAYMENT = "payment"
    PAYMENT_RETRIES = "payment_retries"
    SHIPPING = "shipping"
    SHIPPING_RETRIES = "shipping_retries"
    NOTIFICATION = "notification"
    NOTIFICATION_RETRIES = "notification_retries"
    REFUND_RETRIES = "refund_retries"


class OrderLine(Request):
    """Some of one kind of goods."""

    sku: Sku
    quantity: int = Field(ge=1, le=1000, strict=True)


class OrderRequest(Request):
    """An order of a customer."""

    order_id: RequestId = Field(
        description="Your name for the order; the instance is `order-<order_id>`"
    )
    customer: EmailAddress = Field(
        description="Who is notified of the outcome, and whose wallet pays"
    )
    lines: list[OrderLine] = Field(min_length=1, max_length=20)
    simulate: OrderFault | None = Field(
        default=None,
        description="An injected failure of a step: permanently or, with `_retries`, twice; "
        "`refund_retries`: shipping fails permanently, and then the refund three times before it "
        "succeeds",
    )

    def failures_of(self, step: str) -> int:
        """Return how many attempts at a step fail by injection."""
        return FAULTS[self.simulate].at(step).failures


class OrderOutcome(StrEnum):
    """How an order ended."""

    COMPLETED = "completed"
    REJECTED = "rejected"
    COMPENSATED = "compensated"


class OrderResult(BaseModel):
    """How an order ended, and why."""

    order_id: RequestId
    status: OrderOutcome = Field(
        description="`rejected`: unknown goods, or goods or money do not suffice; "
        "`compensated`: a step failed permanently. In both cases every effect was compensated"
    )
    message: str
    total: Money | None = Field(description="The price of the lines; null where it is not known")
    shipment: str | None = Field(default=None, description="The key of the shipment")
    undone: list[str] = Field(
        default=[], description="The compensations that had an effect, in their order"
    )
    customer_told: bool = Field(description="Whether the customer was notified of the outcome")


class ValidatedOrder(BaseModel):
    """The price of an order, or why it is rejected: exactly one of the two is set."""

    total: Money | None = None
    rejection: str | None = None


class Step(BaseModel):
    """The input of every step with an effect."""

    key: str = Field(description="The idempotency key of the effect")
    failures: int = Field(default=0, description="How many attempts fail by injection")


class ReserveStock(Step):
    """Reserve goods; line 0 under `<key>:0`, and so on."""

    lines: list[OrderLine]


class TakePayment(Step):
    """Take money out of the customer's wallet."""

    customer: EmailAddress
    total: Money


class ShipOrder(Step):
    """Hand the goods to the carrier."""

    customer: EmailAddress
    lines: list[OrderLine]


class NotifyCustomer(Step):
    """Notify the customer that the goods are on their way."""

    notification: SendNotification


class StepAnswer(BaseModel):
    """The result of a step; `refusal` says why it had no effect."""

    refusal: str | None = None


class Compensate(Step):
    """Compensate a step, whether it had its effect or not; from now on it can have none."""


class ReleaseStock(Compensate):
    """Compensate a reservation."""

    lines: int = Field(description="How many lines were to be reserved")


class Compensated(BaseModel):
    """The result of a compensation."""

    undone: bool = Field(
        description="Whether there was an effect, at this attempt or an earlier one; the name is "
        "that of recorded histories"
    )


VALIDATE_ORDER = ActivityRef("validate_order", OrderRequest, ValidatedOrder)
RESERVE_STOCK = ActivityRef("reserve_stock", ReserveStock, StepAnswer)
RELEASE_STOCK = ActivityRef("release_stock", ReleaseStock, Compensated)
TAKE_PAYMENT = ActivityRef("take_payment", TakePayment, StepAnswer)
REFUND_PAYMENT = ActivityRef("refund_payment", Compensate, Compensated)
SHIP_ORDER = ActivityRef("ship_order", ShipOrder, StepAnswer)
CANCEL_SHIPMENT = ActivityRef("cancel_shipment", Compensate, Compensated)
NOTIFY_CUSTOMER = ActivityRef("notify_customer", NotifyCustomer, StepAnswer)

PERMANENT, TWICE = Fault(failures=ALWAYS), Fault(failures=2)
FAULTS = {
    None: NO_FAULTS,
    OrderFault.STOCK: FaultPlan({RESERVE_STOCK: PERMANENT}),
    OrderFault.STOCK_RETRIES: FaultPlan({RESERVE_STOCK: TWICE}),
    OrderFault.PAYMENT: FaultPlan({TAKE_PAYMENT: PERMANENT}),
    OrderFault.PAYMENT_RETRIES: FaultPlan({TAKE_PAYMENT: TWICE}),
    OrderFault.SHIPPING: FaultPlan({SHIP_ORDER: PERMANENT}),
    OrderFault.SHIPPING_RETRIES: FaultPlan({SHIP_ORDER: TWICE}),
    OrderFault.NOTIFICATION: FaultPlan({NOTIFY_CUSTOMER: PERMANENT}),
    OrderFault.NOTIFICATION_RETRIES: FaultPlan({NOTIFY_CUSTOMER: TWICE}),
    # Three failures are one more than RETRY would bear.
    OrderFault.REFUND_RETRIES: FaultPlan(
        {SHIP_ORDER: PERMANENT, REFUND_PAYMENT: Fault(failures=3)}
    ),
}
