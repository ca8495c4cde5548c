"""Customer onboarding: collect documents, have an identity verified, open an account, welcome."""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.lives import key_root
from orchestrator.toolkit.people import notify
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.until_success import until_success
from orchestrator.workflows.onboarding.documents import collect_documents
from orchestrator.workflows.onboarding.models import (
    CLOSE_ACCOUNT,
    DELETE_DOCUMENT,
    DOCUMENT,
    IDENTITY,
    OPEN_ACCOUNT,
    VALIDATE_ONBOARDING,
    CloseAccount,
    OnboardingOutcome,
    OnboardingRequest,
    OnboardingResult,
    OpenAccount,
    Terms,
    account_key,
)
from orchestrator.workflows.onboarding.samples import SAMPLES
from orchestrator.workflows.onboarding.steps import Compensations, EndedEarly, Steps, run_step
from orchestrator.workflows.onboarding.verification import verify_identity


def onboarding_workflow(
    ctx: DaprWorkflowContext, request: OnboardingRequest
) -> Generator[Task[Any], Any, OnboardingResult]:
    """Onboard a customer; where that ends early, compensate in reverse order, and notify."""
    compensations: Compensations = []
    try:
        terms = yield from _validate(ctx, request)
        yield from collect_documents(ctx, terms, compensations)
        verifier = yield from verify_identity(ctx, request, terms, compensations)
        yield from _open_account(ctx, request, compensations)
        body = f"Welcome, {request.name}: your account {request.customer_id} is open."
        failure = yield from notify(ctx, request.email, "Welcome", body, step="welcome")
        if failure is not None:
            reason = f"The customer cannot be reached: {failure}"
            raise EndedEarly(OnboardingOutcome.FAILED, reason)
    except EndedEarly as end:
        for compensation in reversed(compensations):
            yield from compensation()
        body = f"We could not open your account {request.customer_id}: {end.reason}"
        failure = yield from notify(ctx, request.email, "Your account", body, step="sorry")
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


def _validate(
    ctx: DaprWorkflowContext, request: OnboardingRequest
) -> Generator[Task[Any], Any, Terms]:
    report(ctx, VALIDATE_ONBOARDING, "Checking the application")
    terms = yield from run_step(ctx, VALIDATE_ONBOARDING, request, "Validation failed")
    if terms.rejection is not None:
        raise EndedEarly(OnboardingOutcome.REJECTED, terms.rejection)
    return terms


def _open_account(
    ctx: DaprWorkflowContext, request: OnboardingRequest, compensations: Compensations
) -> Steps:
    key = account_key(key_root(ctx))

    def close() -> Steps:
        message = f"Closing account {request.customer_id}"
        report(ctx, CLOSE_ACCOUNT, message)
        step = CloseAccount(key=key, customer_id=request.customer_id)
        yield from until_success(ctx, CLOSE_ACCOUNT, step, message)

    report(ctx, OPEN_ACCOUNT, f"Opening account {request.customer_id}")
    compensations.append(close)
    step = OpenAccount(
        key=key,
        customer_id=request.customer_id,
        name=request.name,
        email=request.email,
        simulate=request.simulate,
    )
    opened = yield from run_step(ctx, OPEN_ACCOUNT, step, "The account could not be opened")
    if opened.refusal is not None:
        raise EndedEarly(OnboardingOutcome.FAILED, opened.refusal)


DEFINITION = Definition(
    name="onboarding",
    workflow_name="onboarding_workflow",
    workflow=onboarding_workflow,
    input=OnboardingRequest,
    output=OnboardingResult,
    id_field="onboarding_id",
    title="Customer onboarding",
    description="Documents are collected, somebody verifies the identity in time, an account is "
    "opened, the customer welcomed. Where that ends early, every step is compensated and the "
    "customer notified.",
    compensations=(CLOSE_ACCOUNT, DELETE_DOCUMENT),
    path="/onboardings",
    search_fields=("name", "email", "customer_id", "verifier"),
    events=(DOCUMENT, IDENTITY),
    samples=SAMPLES,
)
