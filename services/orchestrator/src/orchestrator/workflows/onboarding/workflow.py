"""Customer onboarding: collect documents, have an identity verified, open an account, welcome."""

from collections.abc import Callable, Generator, Sequence
from datetime import timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts.assigner import AssignmentRequest
from contracts.orchestrator import Sample, SampleEvent
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.people import Reminder, assign, decision, release, tell
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import RETRY, RETRY_COMPENSATION
from orchestrator.toolkit.waits import Waiting
from orchestrator.workflows.onboarding.models import (
    CLOSE_ACCOUNT,
    DELETE_DOCUMENT,
    DOCUMENT,
    IDENTITY,
    KEEP_DOCUMENT,
    OPEN_ACCOUNT,
    VALIDATE_ONBOARDING,
    VERIFIER_SKILL,
    AccountOpened,
    CloseAccount,
    DeleteDocument,
    Document,
    DocumentKind,
    Identity,
    KeepDocument,
    OnboardingOutcome,
    OnboardingRequest,
    OnboardingResult,
    OpenAccount,
    Terms,
    account_key,
    document_key,
)

# However short the interval is, the history must stay small.
MAX_REMINDERS = 20

Steps = Generator[Task[Any], Any, None]
Undo = list[Callable[[], Steps]]


class _GaveUp(Exception):
    """The onboarding cannot go on."""

    def __init__(self, status: OnboardingOutcome, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def onboarding_workflow(
    ctx: DaprWorkflowContext, request: OnboardingRequest
) -> Generator[Task[Any], Any, OnboardingResult]:
    """Take a customer on; where that ends early, undo what was done, the last first, and say so."""
    undo: Undo = []
    try:
        terms = yield from _terms(ctx, request)
        yield from _collect(ctx, terms, undo)
        verifier = yield from _verify(ctx, request, terms, undo)
        yield from _open_account(ctx, request, undo)
        body = f"Welcome, {request.name}: your account {request.customer_id} is open."
        failure = yield from tell(ctx, request.email, "Welcome", body, step="welcome")
        if failure is not None:
            raise _GaveUp(OnboardingOutcome.FAILED, f"The customer cannot be reached: {failure}")
    except _GaveUp as end:
        for step in reversed(undo):
            yield from step()
        body = f"We could not open your account {request.customer_id}: {end.reason}"
        failure = yield from tell(ctx, request.email, "Your account", body, step="sorry")
        result = OnboardingResult(
            onboarding_id=request.onboarding_id,
            status=end.status,
            message=end.reason,
            customer_told=failure is None,
        )
    else:
        result = OnboardingResult(
            onboarding_id=request.onboarding_id,
            status=OnboardingOutcome.COMPLETED,
            message=f"Account {request.customer_id} is open",
            verifier=verifier,
            customer_told=True,
        )
    report(ctx, result.status, result.message)
    return result


def _terms(
    ctx: DaprWorkflowContext, request: OnboardingRequest
) -> Generator[Task[Any], Any, Terms]:
    report(ctx, VALIDATE_ONBOARDING, "Checking the application")
    validated = yield from _step(ctx, VALIDATE_ONBOARDING, request, "Validation failed")
    terms = Terms.model_validate(validated)
    if terms.rejection is not None:
        raise _GaveUp(OnboardingOutcome.REJECTED, terms.rejection)
    return terms


def _collect(ctx: DaprWorkflowContext, terms: Terms, undo: Undo) -> Steps:
    """Keep a document of each kind."""
    missing = list(DocumentKind)
    until = ctx.current_utc_datetime + timedelta(seconds=terms.collect_within_seconds)
    waiting = Waiting(ctx, DOCUMENT, Document, until=until)

    def keep(document: Document) -> Steps:
        if document.kind not in missing:
            return
        missing.remove(document.kind)
        # Before the step: an attempt that failed may have kept it.
        undo.append(lambda: _delete(ctx, document.kind))
        step = KeepDocument(key=document_key(ctx.instance_id, document.kind), document=document)
        yield from _step(ctx, KEEP_DOCUMENT, step, "A document could not be kept")

    while missing:
        report(
            ctx,
            "collect_documents",
            f"Waiting for {', '.join(missing)}",
            waits=[waiting.wait],
            details={"missing": list(missing)},
        )
        document = yield from waiting.receive()
        if document is None:
            break
        yield from keep(document)
    for kind in list(missing):
        # What was accepted in the last moment counts.
        document = yield from waiting.close(kind)
        if document is not None:
            yield from keep(document)
    if missing:
        late = f"These documents did not come in time: {', '.join(missing)}"
        raise _GaveUp(OnboardingOutcome.TIMED_OUT, late)


def _delete(ctx: DaprWorkflowContext, kind: DocumentKind) -> Steps:
    report(ctx, DELETE_DOCUMENT, f"Deleting the record of {kind}")
    step = DeleteDocument(key=document_key(ctx.instance_id, kind))
    yield ctx.call_activity(DELETE_DOCUMENT, input=step, retry_policy=RETRY_COMPENSATION)


def _verify(
    ctx: DaprWorkflowContext, request: OnboardingRequest, terms: Terms, undo: Undo
) -> Generator[Task[Any], Any, str]:
    """Return who verified the customer's identity; whoever was to is free again."""
    title = f"Verify the identity of {request.customer_id}"
    wanted = AssignmentRequest(title=title, assignee=request.verifier, skills=[VERIFIER_SKILL])
    try:
        assigned = yield from assign(ctx, wanted)
    except TaskFailedError as error:
        why = f"Assignment failed: {error.details.message}"
        raise _GaveUp(OnboardingOutcome.FAILED, why) from error
    if assigned.assignment is None:
        reason = assigned.refusal or "Nobody can verify the identity"
        raise _GaveUp(OnboardingOutcome.FAILED, reason)
    verifier = assigned.assignment.email
    undo.append(lambda: release(ctx))

    failure = yield from tell(ctx, verifier, "An identity to verify", f"{title}: {request.name}")
    if failure is not None:
        raise _GaveUp(OnboardingOutcome.FAILED, f"{verifier} could not be told: {failure}")

    within = timedelta(seconds=terms.verify_within_seconds)
    waiting = Waiting(
        ctx, IDENTITY, Identity, until=ctx.current_utc_datetime + within, assigned_to=verifier
    )
    reminders = _reminders(ctx, terms, f"{title}: {request.name}")
    identity = yield from decision(ctx, waiting, verifier, reminders)
    if identity is None:
        late = "The identity was not verified in time"
        raise _GaveUp(OnboardingOutcome.TIMED_OUT, late)
    if not identity.verified:
        refused = f"The identity was not confirmed. {identity.reason}".rstrip()
        raise _GaveUp(OnboardingOutcome.REFUSED, refused)
    undo.pop()
    yield from release(ctx)
    return identity.verifier


def _reminders(ctx: DaprWorkflowContext, terms: Terms, body: str) -> Sequence[Reminder]:
    begun = ctx.current_utc_datetime
    every = max(terms.remind_every_seconds, terms.verify_within_seconds / (MAX_REMINDERS + 1))
    moments = (n * every for n in range(1, MAX_REMINDERS + 1))
    return [
        Reminder(begun + timedelta(seconds=at), "An identity still to verify", body)
        for at in moments
        if at < terms.verify_within_seconds
    ]


def _open_account(ctx: DaprWorkflowContext, request: OnboardingRequest, undo: Undo) -> Steps:
    key = account_key(ctx.instance_id)

    def close() -> Steps:
        report(ctx, CLOSE_ACCOUNT, f"Closing account {request.customer_id}")
        step = CloseAccount(key=key, customer_id=request.customer_id)
        yield ctx.call_activity(CLOSE_ACCOUNT, input=step, retry_policy=RETRY_COMPENSATION)

    report(ctx, OPEN_ACCOUNT, f"Opening account {request.customer_id}")
    undo.append(close)
    step = OpenAccount(
        key=key,
        customer_id=request.customer_id,
        name=request.name,
        email=request.email,
        simulate=request.simulate,
    )
    opened = yield from _step(ctx, OPEN_ACCOUNT, step, "The account could not be opened")
    refusal = AccountOpened.model_validate(opened).refusal
    if refusal is not None:
        raise _GaveUp(OnboardingOutcome.FAILED, refusal)


def _step(
    ctx: DaprWorkflowContext, name: str, step: Any, failed: str
) -> Generator[Task[Any], Any, Any]:
    try:
        return (yield ctx.call_activity(name, input=step, retry_policy=RETRY))
    except TaskFailedError as error:
        raise _GaveUp(OnboardingOutcome.FAILED, f"{failed}: {error.details.message}") from error


def _sample(onboarding_id: str, **more: Any) -> dict[str, Any]:
    customer_id, email = f"customer-{onboarding_id}", f"customer-{onboarding_id}@example.com"
    return {
        "onboarding_id": onboarding_id,
        "customer_id": customer_id,
        "name": "Ada Lovelace",
        "email": email,
        **more,
    }


def _verified(verified: bool, reason: str = "") -> SampleEvent:
    payload = {"verified": verified, "verifier": "alice", "reason": reason}
    return SampleEvent(event="identity", payload=payload)


HANDED_IN = [
    SampleEvent(event="document", payload={"kind": kind, "reference": f"scan-{kind}.pdf"})
    for kind in DocumentKind
]

DEFINITION = Definition(
    name="onboarding",
    workflow_name="onboarding_workflow",
    workflow=onboarding_workflow,
    input=OnboardingRequest,
    output=OnboardingResult,
    id_field="onboarding_id",
    title="Customer onboarding",
    description="Documents are collected, somebody verifies the identity within a time, an account "
    "is opened, the customer welcomed. Where that ends early, everything is undone and the "
    "customer told.",
    compensations=(CLOSE_ACCOUNT, DELETE_DOCUMENT),
    path="/onboardings",
    search_fields=("name", "email", "customer_id", "verifier"),
    events=(DOCUMENT, IDENTITY),
    samples={
        "completed": Sample(
            summary="A customer gets an account",
            request=_sample("1"),
            events=[*HANDED_IN, _verified(True)],
        ),
        "refused": Sample(
            summary="The identity is not confirmed",
            request=_sample("2"),
            events=[*HANDED_IN, _verified(False, "The photograph shows a cat")],
        ),
        "timed out": Sample(
            summary="A document does not come in time",
            request=_sample("3", collect_within_seconds=8),
            events=HANDED_IN[:1],
        ),
        "not verified": Sample(
            summary="Nobody verifies the identity in time, though reminded",
            request=_sample("4", verify_within_seconds=6, remind_every_seconds=2),
            events=HANDED_IN,
        ),
        "compensated": Sample(
            summary="The account is opened, but the answer is lost: it is closed again",
            request=_sample("5", simulate="account_answer_lost"),
            events=[*HANDED_IN, _verified(True)],
        ),
        "account fails": Sample(
            summary="The account cannot be opened: everything before it is undone",
            request=_sample("6", simulate="account_fails"),
            events=[*HANDED_IN, _verified(True)],
        ),
    },
)
