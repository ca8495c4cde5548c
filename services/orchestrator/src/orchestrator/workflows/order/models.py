"""What goes into an order and comes out, and what its steps take and return."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from contracts.fields import EmailAddress, RequestId
from orchestrator.toolkit.definition import Request
from orchestrator.toolkit.fault_plan import ALWAYS, NO_FAULTS, Fault, FaultPlan
from orchestrator.toolkit.messages import SendNotification

VALIDATE_ORDER = "validate_order"
RESERVE_STOCK = "reserve_stock"
RELEASE_STOCK = "release_stock"
TAKE_PAYMENT = "take_payment"
REFUND_PAYMENT = "refund_payment"
SHIP_ORDER = "ship_order"
CANCEL_SHIPMENT = "cancel_shipment"
NOTIFY_CUSTOMER = "notify_customer"

Sku = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
"""The shop's name for a kind of goods, such as `pencil`."""

# They have two decimals, all of them.
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


class OrderLine(Request):
    """Some of one kind of goods."""

    sku: Sku
    quantity: int = Field(ge=1, le=1000, strict=True)


class OrderRequest(Request):
    """What a customer wants to have."""

    order_id: RequestId = Field(
        description="Your name for the order; the instance is `order-<order_id>`"
    )
    customer: EmailAddress = Field(
        description="Who is told how the order ends, and whose wallet pays"
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
        description="`rejected`: it made no sense, or goods or money do not suffice; "
        "`compensated`: a step failed for good. Either way nothing of it is left"
    )
    message: str
    total: Money | None = Field(description="What the lines cost; null where that is not known")
    shipment: str | None = Field(default=None, description="The key of the shipment")
    undone: list[str] = Field(
        default=[], description="The compensations that had something to undo, in their order"
    )
    customer_told: bool = Field(description="Whether the customer heard how it ended")


class ValidatedOrder(BaseModel):
    """What an order costs, or why it must be rejected: exactly one of the two is set."""

    total: Money | None = None
    rejection: str | None = None


class Step(BaseModel):
    """What every step with an effect takes."""

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
    """Tell the customer that the goods are on their way."""

    notification: SendNotification


class StepAnswer(BaseModel):
    """Whether a step was done; `refusal` says why it was not."""

    refusal: str | None = None


class Undo(Step):
    """Undo a step, done or not, and forbid it from now on."""


class ReleaseStock(Undo):
    """Give reserved goods back to the stock."""

    lines: int = Field(description="How many lines were to be reserved")


class Undone(BaseModel):
    """Whether there was something to undo, now or at an earlier attempt."""

    undone: bool
