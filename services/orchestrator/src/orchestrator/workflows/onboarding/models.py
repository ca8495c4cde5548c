"""The request, result and events of an onboarding, and what its steps take and return."""

from enum import StrEnum
from types import NoneType

from pydantic import BaseModel, Field, StrictBool, StrictInt

from contracts.fields import EmailAddress, Key, Person, RequestId
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.definition import Event, Request
from orchestrator.toolkit.fault_plan import ALWAYS, NO_FAULTS, Fault, FaultPlan

VERIFIER_SKILL = "review"
ONE_YEAR = 31_536_000


class OnboardingFault(StrEnum):
    """The failures that a request can inject."""

    ACCOUNT_FAILS = "account_fails"
    ACCOUNT_ANSWER_LOST = "account_answer_lost"


class DocumentKind(StrEnum):
    """The documents that are needed, one of each."""

    IDENTITY_CARD = "identity_card"
    PROOF_OF_ADDRESS = "proof_of_address"


class OnboardingRequest(Request):
    """A customer who applies for an account."""

    onboarding_id: RequestId = Field(
        description="Your name for it; the instance is `onboarding-<onboarding_id>`"
    )
    customer_id: RequestId = Field(description="The id of the account to open")
    name: str = Field(min_length=1, max_length=100)
    email: EmailAddress = Field(description="Where the customer is notified of the end")
    verifier: Person | None = Field(
        default=None,
        description="Who is to verify the identity, by id or e-mail address; "
        f"else who has the skill `{VERIFIER_SKILL}` and the fewest assignments",
    )
    collect_within_seconds: StrictInt | None = Field(
        default=None,
        ge=1,
        le=ONE_YEAR,
        description="Less time for the documents than the settings give; more is not possible",
    )
    verify_within_seconds: StrictInt | None = Field(
        default=None,
        ge=1,
        le=ONE_YEAR,
        description="Less time for the verification than the settings give; more is not possible",
    )
    remind_every_seconds: StrictInt | None = Field(
        default=None,
        ge=1,
        le=ONE_YEAR,
        description="Remind the verifier more often than by the settings; 20 times at most",
    )
    simulate: OnboardingFault | None = Field(
        default=None,
        description="An injected failure. `account_fails`: the account is not opened; "
        "`account_answer_lost`: it is opened, and the answer is lost",
    )


class Terms(BaseModel):
    """The terms of an onboarding, fixed when it starts: later settings change nothing."""

    rejection: str | None = Field(
        default=None, description="Why the application is rejected, if it is"
    )
    collect_within_seconds: int
    verify_within_seconds: int
    remind_every_seconds: int


class CustomerDocument(BaseModel):
    """The record of a document of the customer; the document itself is kept elsewhere."""

    kind: DocumentKind
    reference: Key = Field(description="The document's name where it is kept")


class Identity(BaseModel):
    """The decision whether the customer is who the documents say."""

    verified: StrictBool
    verifier: Person = Field(description="Who decided")
    reason: str = Field(default="", max_length=1000, description="The customer reads it")


DOCUMENT = Event(
    name="document",
    payload=CustomerDocument,
    key_field="kind",
    description="Submits one document. The first of each kind counts; another one is answered 409.",
)
IDENTITY = Event(
    name="identity",
    payload=Identity,
    person_field="verifier",
    description="Confirms the customer's identity, or does not. The first decision counts; a later "
    "one, and one after the time to verify, is answered 409.",
)


class KeepDocument(BaseModel):
    """Keep the record of a document."""

    key: Key
    document: CustomerDocument


class DeleteDocument(BaseModel):
    """Delete the record of a document, kept or not."""

    key: Key


class OpenAccount(BaseModel):
    """Open the customer's account."""

    key: Key
    customer_id: RequestId
    name: str
    email: EmailAddress
    simulate: OnboardingFault | None = None


class AccountOpened(BaseModel):
    """The account is open, or `refusal` says why it cannot be."""

    refusal: str | None = None


class CloseAccount(BaseModel):
    """Close what was, or may yet be, opened under a key."""

    key: Key
    customer_id: RequestId


class OnboardingOutcome(StrEnum):
    """How an onboarding ended."""

    COMPLETED = "completed"
    REJECTED = "rejected"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    FAILED = "failed"


class OnboardingResult(BaseModel):
    """How an onboarding ended, and why."""

    onboarding_id: RequestId
    status: OnboardingOutcome = Field(
        description="`rejected`: the application is invalid; `refused`: the identity was not "
        "confirmed; `timed_out`: documents or verification were late; `failed`: a step failed. "
        "Every step of what is not `completed` was compensated"
    )
    message: str
    verifier: Person | None = Field(default=None, description="Who confirmed the identity")
    customer_told: bool = Field(description="Whether the customer was notified of the end")


VALIDATE_ONBOARDING = ActivityRef("validate_onboarding", OnboardingRequest, Terms)
KEEP_DOCUMENT = ActivityRef("keep_document", KeepDocument, NoneType)
DELETE_DOCUMENT = ActivityRef("delete_document", DeleteDocument, NoneType)
OPEN_ACCOUNT = ActivityRef("open_account", OpenAccount, AccountOpened)
CLOSE_ACCOUNT = ActivityRef("close_account", CloseAccount, NoneType)

# A point in the step that opens the account: after it, and before its answer.
OPEN_ACCOUNT_ANSWER = "open_account.answer"
FAULTS = {
    None: NO_FAULTS,
    OnboardingFault.ACCOUNT_FAILS: FaultPlan({OPEN_ACCOUNT: Fault(failures=ALWAYS)}),
    OnboardingFault.ACCOUNT_ANSWER_LOST: FaultPlan({OPEN_ACCOUNT_ANSWER: Fault(failures=ALWAYS)}),
}


def document_key(root: str, kind: DocumentKind) -> str:
    """Return the key of the record of a document."""
    return f"{root}:document.{kind}"


def account_key(root: str) -> str:
    """Return the key under which an instance opens an account."""
    return f"{root}:account"
