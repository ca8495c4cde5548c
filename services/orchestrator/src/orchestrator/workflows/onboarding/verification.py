"""The second phase of an onboarding: somebody verifies the customer's identity, in time."""

from collections.abc import Generator, Sequence
from datetime import timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from contracts.assigner import AssignmentRequest
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.people import Reminder, assign, notify, release, wait_for_decision
from orchestrator.toolkit.waits import EventWait
from orchestrator.workflows.onboarding.models import (
    IDENTITY,
    VERIFIER_SKILL,
    Identity,
    OnboardingOutcome,
    OnboardingRequest,
    Terms,
)
from orchestrator.workflows.onboarding.steps import Compensations, EndedEarly

# However short the interval is, the history must stay small.
MAX_REMINDERS = 20


def verify_identity(
    ctx: DaprWorkflowContext,
    request: OnboardingRequest,
    terms: Terms,
    compensations: Compensations,
) -> Generator[Task[Any], Any, str]:
    """Return who confirmed the customer's identity; the assignment is released then.

    Raises:
        EndedEarly: Nobody could be assigned or notified, or nobody confirmed it in time.
    """
    title = f"Verify the identity of {request.customer_id}"
    verifier = yield from _assign_verifier(ctx, request, title)
    compensations.append(lambda: release(ctx))

    failure = yield from notify(ctx, verifier, "An identity to verify", f"{title}: {request.name}")
    if failure is not None:
        reason = f"{verifier} could not be notified: {failure}"
        raise EndedEarly(OnboardingOutcome.FAILED, reason)

    within = timedelta(seconds=terms.verify_within_seconds)
    waiting = EventWait(
        ctx, IDENTITY, Identity, until=ctx.current_utc_datetime + within, assigned_to=verifier
    )
    reminders = _reminders(ctx, terms, f"{title}: {request.name}")
    identity = yield from wait_for_decision(ctx, waiting, verifier, reminders)
    if identity is None:
        late = "The identity was not verified in time"
        raise EndedEarly(OnboardingOutcome.TIMED_OUT, late)
    if not identity.verified:
        refused = f"The identity was not confirmed. {identity.reason}".rstrip()
        raise EndedEarly(OnboardingOutcome.REFUSED, refused)
    compensations.pop()
    yield from release(ctx)
    return identity.verifier


def _assign_verifier(
    ctx: DaprWorkflowContext, request: OnboardingRequest, title: str
) -> Generator[Task[Any], Any, str]:
    """Return the e-mail address of who is to verify the identity."""
    wanted = AssignmentRequest(title=title, assignee=request.verifier, skills=[VERIFIER_SKILL])
    try:
        assigned = yield from assign(ctx, wanted)
    except TaskFailedError as error:
        reason = f"Assignment failed: {error.details.message}"
        raise EndedEarly(OnboardingOutcome.FAILED, reason) from error
    if assigned.assignment is None:
        reason = assigned.refusal or "Nobody can verify the identity"
        raise EndedEarly(OnboardingOutcome.FAILED, reason)
    return assigned.assignment.email


def _reminders(ctx: DaprWorkflowContext, terms: Terms, body: str) -> Sequence[Reminder]:
    begun = ctx.current_utc_datetime
    every = max(terms.remind_every_seconds, terms.verify_within_seconds / (MAX_REMINDERS + 1))
    offsets = (n * every for n in range(1, MAX_REMINDERS + 1))
    return [
        Reminder(begun + timedelta(seconds=offset), "An identity still to verify", body)
        for offset in offsets
        if offset < terms.verify_within_seconds
    ]
