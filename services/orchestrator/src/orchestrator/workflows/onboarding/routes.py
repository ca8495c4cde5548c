"""Reads what an onboarding stores: the customer's account, and the documents' records."""

from typing import Annotated

from fastapi import APIRouter, Path

from contracts.fields import RequestId
from contracts.problems import ProblemType
from orchestrator.api.deps import EngineDep, StoreDep
from orchestrator.api.params import InstanceId
from orchestrator.workflows.onboarding.adapters.accounts import Account, StoredAccounts
from orchestrator.workflows.onboarding.adapters.customer_documents import Documents
from orchestrator.workflows.onboarding.models import CustomerDocument, DocumentKind, document_key
from orchestrator.workflows.onboarding.workflow import DEFINITION
from servicekit.problems import ProblemError, problem_responses

router = APIRouter(tags=[DEFINITION.title])


@router.get(
    "/accounts/{customer_id}",
    summary="Show a customer's account",
    responses=problem_responses(ProblemType.NOT_FOUND),
)
async def account(
    customer_id: Annotated[RequestId, Path(description="As in the onboarding")], store: StoreDep
) -> Account:
    """Return the account of a customer, open or closed."""
    found = await StoredAccounts(store).find(customer_id)
    if found is None:
        raise ProblemError(ProblemType.NOT_FOUND, f"Customer {customer_id} never had an account")
    return found


@router.get(
    DEFINITION.path + "/{instance_id}/documents",
    summary="List the kept documents",
    responses=problem_responses(ProblemType.NOT_FOUND),
)
async def documents(
    instance_id: InstanceId, engine: EngineDep, store: StoreDep
) -> list[CustomerDocument]:
    """Return the records of the documents that an onboarding keeps."""
    # What is not an onboarding is not found here.
    root = await engine.key_root(instance_id, DEFINITION)
    keys = [document_key(root, kind) for kind in DocumentKind]
    return await Documents(store).find(keys)
