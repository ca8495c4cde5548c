"""What every version of purchase approval takes, calls and returns."""

from datetime import timedelta
from enum import StrEnum

from pydantic import BaseModel, Field, StrictBool, StrictInt

from contracts.fields import Person, RequestId
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.definition import Event, Request

APPROVER_SKILL = "approval"
# A part of recorded notifications.
NOBODY_DECIDED = "Nobody decided in time"


class Currency(StrEnum):
    """A currency of a hundred cents, pence or centimes."""

    CHF = "CHF"
    EUR = "EUR"
    GBP = "GBP"
    USD = "USD"


class PurchaseRequest(Request):
    """A purchase that needs an approval."""

    purchase_id: RequestId = Field(
        description="Your name for the purchase; the instance is `purchase-<purchase_id>`"
    )
    requester: Person = Field(description="Who wants it, and is notified of the outcome")
    item: str = Field(min_length=1, max_length=150, description="What is to be bought")
    amount: StrictInt = Field(
        ge=1, le=1_000_000_000_000, description="In cents: 120000 is 1,200.00"
    )
    currency: Currency = Currency.EUR
    approver: Person | None = Field(
        default=None,
        description="Who is to decide, by id or e-mail address; "
        f"else a member with the skill `{APPROVER_SKILL}` and the fewest assignments",
    )
    decide_within_seconds: StrictInt | None = Field(
        default=None,
        ge=1,
        le=31_536_000,
        description="Less time to decide than the settings give; more is not possible",
    )

    @property
    def price(self) -> str:
        """The amount for a person: 1,200.00 EUR."""
        return f"{self.amount // 100:,}.{self.amount % 100:02} {self.currency}"


class Terms(BaseModel):
    """The terms of a purchase, fixed when it begins, whatever the settings become."""

    rejection: str | None = Field(default=None, description="Why it is rejected, if it is")
    limit: int = Field(description="In cents: from here on an approval is needed")
    decide_within_seconds: int

    @property
    def time_to_decide(self) -> timedelta:
        """How long the approver has."""
        return timedelta(seconds=self.decide_within_seconds)


VALIDATE_PURCHASE = ActivityRef("validate_purchase", PurchaseRequest, Terms)


class Approval(BaseModel):
    """The decision of an approver."""

    approved: StrictBool
    approver: Person = Field(description="Who decided")
    comment: str = Field(default="", max_length=1000)


APPROVAL = Event(
    name="approval",
    payload=Approval,
    person_field="approver",
    description="Approves or rejects the purchase. The first decision counts; a later one, and one "
    "after the time to decide, is answered 409.",
)


class PurchaseOutcome(StrEnum):
    """How a purchase ended."""

    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    FAILED = "failed"


class PurchaseResult(BaseModel):
    """How a purchase ended, and why."""

    purchase_id: RequestId
    status: PurchaseOutcome = Field(
        description="`cancelled`: no decision in time; `refused`: no approver is available; "
        "`failed`: a step failed permanently"
    )
    message: str
    decided_by: Person | None = Field(default=None, description="Null where there was no decision")
    comment: str = ""
    requester_told: bool | None = Field(
        default=None, description="Null where no notification was due"
    )


def decided(request: PurchaseRequest, approval: Approval) -> PurchaseResult:
    """Return the result of a purchase after an approver's decision."""
    status = PurchaseOutcome.APPROVED if approval.approved else PurchaseOutcome.REJECTED
    return PurchaseResult(
        purchase_id=request.purchase_id,
        status=status,
        message=f"{status.capitalize()} by {approval.approver}",
        decided_by=approval.approver,
        comment=approval.comment,
    )
