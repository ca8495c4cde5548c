"""What an onboarding leaves behind: the customer's account, and the documents' records."""

from typing import Annotated

from fastapi import APIRouter, Path

from contracts.fields import RequestId
from contracts.problems import ProblemType
from orchestrator.api.workflow import InstanceId
from orchestrator.bootstrap import Orchestrator
from orchestrator.workflows.onboarding.adapters.accounts import Account, StoredAccounts
from orchestrator.workflows.onboarding.adapters.customer_documents import Documents
from orchestrator.workflows.onboarding.models import Document, DocumentKind, document_key
from orchestrator.workflows.onboarding.workflow import DEFINITION
from servicekit.problems import ProblemError, problem_responses
from servicekit.startup import Startup


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the routes that onboarding has besides those of every workflow."""
    router = APIRouter(tags=[DEFINITION.title])

    @router.get(
        "/accounts/{customer_id}",
        summary="Which account has a customer?",
        responses=problem_responses(ProblemType.NOT_FOUND),
    )
    async def account(
        customer_id: Annotated[RequestId, Path(description="As in the onboarding")],
    ) -> Account:
        found = await StoredAccounts(services.value().store).find(customer_id)
        if found is None:
            raise ProblemError(
                ProblemType.NOT_FOUND, f"Customer {customer_id} never had an account"
            )
        return found

    @router.get(
        DEFINITION.path + "/{instance_id}/documents",
        summary="Which documents are kept?",
        responses=problem_responses(ProblemType.NOT_FOUND),
    )
    async def documents(instance_id: InstanceId) -> list[Document]:
        orchestrator = services.value()
        # What is not an onboarding is not found here.
        await orchestrator.engine.state_of(instance_id, DEFINITION)
        keys = [document_key(instance_id, kind) for kind in DocumentKind]
        return await Documents(orchestrator.store).find(keys)

    return router
