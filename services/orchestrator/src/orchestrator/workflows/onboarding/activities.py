"""The activities of onboarding: records of documents, and accounts."""

from datetime import UTC, datetime

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.fault_injection import PermanentInjectedFailure
from orchestrator.workflows.onboarding.adapters.accounts import (
    AccountRefused,
    Accounts,
    StoredAccounts,
)
from orchestrator.workflows.onboarding.adapters.customer_documents import DocumentDeleted, Documents
from orchestrator.workflows.onboarding.models import (
    CLOSE_ACCOUNT,
    DELETE_DOCUMENT,
    FAULTS,
    KEEP_DOCUMENT,
    OPEN_ACCOUNT,
    OPEN_ACCOUNT_ANSWER,
    VALIDATE_ONBOARDING,
    AccountOpened,
    CloseAccount,
    DeleteDocument,
    KeepDocument,
    OnboardingRequest,
    OpenAccount,
    Terms,
)
from orchestrator.workflows.onboarding.settings import OnboardingSettings


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities of onboarding alone."""
    settings = dependencies.workflow_settings.of(OnboardingSettings)
    documents = Documents(dependencies.store)
    accounts: Accounts = StoredAccounts(dependencies.store)

    async def validate_onboarding(_: WorkflowActivityContext, request: OnboardingRequest) -> Terms:
        """Return the time limits; a request can only shorten them."""
        collect = settings.onboarding_collect_within_seconds
        verify = settings.onboarding_verify_within_seconds
        remind = settings.onboarding_remind_every_seconds
        return Terms(
            rejection=None if request.name.strip() else "Missing name",
            collect_within_seconds=min(collect, request.collect_within_seconds or collect),
            verify_within_seconds=min(verify, request.verify_within_seconds or verify),
            remind_every_seconds=min(remind, request.remind_every_seconds or remind),
        )

    async def keep_document(_: WorkflowActivityContext, step: KeepDocument) -> None:
        """Keep the record of a document."""
        try:
            await documents.keep(step.key, step.document)
        except DocumentDeleted as error:
            raise NonRetryableError(str(error)) from error

    async def delete_document(_: WorkflowActivityContext, step: DeleteDocument) -> None:
        """Delete the record of a document."""
        await documents.delete(step.key)

    async def open_account(_: WorkflowActivityContext, step: OpenAccount) -> AccountOpened:
        """Open an account; a refusal is a result."""
        faults = FAULTS[step.simulate]
        if faults.at(OPEN_ACCOUNT).fails():
            raise PermanentInjectedFailure("the account is not opened")
        now = datetime.now(UTC)
        try:
            await accounts.open(step.key, step.customer_id, step.name, step.email, now)
        except AccountRefused as error:
            return AccountOpened(refusal=str(error))
        if faults.at(OPEN_ACCOUNT_ANSWER).fails():
            raise PermanentInjectedFailure("the answer is lost")
        return AccountOpened()

    async def close_account(_: WorkflowActivityContext, step: CloseAccount) -> None:
        """Close an account, whether it was opened or not."""
        await accounts.close(step.key, step.customer_id, datetime.now(UTC))

    return {
        VALIDATE_ONBOARDING: validate_onboarding,
        KEEP_DOCUMENT: keep_document,
        DELETE_DOCUMENT: delete_document,
        OPEN_ACCOUNT: open_account,
        CLOSE_ACCOUNT: close_account,
    }
