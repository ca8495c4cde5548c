"""Routes of the inbox: waits, claims and decisions."""

from typing import Annotated

from fastapi import APIRouter, Query

from contracts.problems import ProblemType
from orchestrator.api.deps import InboxDep
from orchestrator.api.params import EventName, InstanceId, WaitId
from orchestrator.schemas.waiting import (
    Claim,
    ClaimRequest,
    DecisionRequest,
    WaitingPage,
    WaitingQuery,
)
from orchestrator.schemas.workflows import EventAccepted
from servicekit.problems import problem_responses

TAGS = [{"name": "waiting", "description": "The inbox: waits for decisions"}]

NOT_WAITING = (
    ProblemType.NOT_FOUND,
    ProblemType.NOT_WAITING,
    ProblemType.CLAIMED,
    ProblemType.INSTANCE_FINISHED,
)

router = APIRouter(prefix="/waiting", tags=["waiting"])


@router.get(
    "",
    summary="List waiting instances",
    description="Earliest deadline first, each with the JSON Schema of its decision. The items "
    "come from the in-memory list of instances: `index` reports how complete that is.",
)
async def list_waiting(query: Annotated[WaitingQuery, Query()], inbox: InboxDep) -> WaitingPage:
    """Return a page of the inbox."""
    return await inbox.page(query)


@router.post(
    "/{instance_id}/{event}/claim",
    summary="Claim a decision",
    responses=problem_responses(*NOT_WAITING),
)
async def claim(
    instance_id: InstanceId,
    event: EventName,
    request: ClaimRequest,
    inbox: InboxDep,
    wait_id: WaitId = None,
) -> Claim:
    """Claim a wait for one user."""
    return await inbox.change_claim(instance_id, event, request, claim=True, wait_id=wait_id)


@router.post(
    "/{instance_id}/{event}/release",
    summary="Release a claim",
    responses=problem_responses(*NOT_WAITING),
)
async def release(
    instance_id: InstanceId,
    event: EventName,
    request: ClaimRequest,
    inbox: InboxDep,
    wait_id: WaitId = None,
) -> Claim:
    """Release a claimed wait."""
    return await inbox.change_claim(instance_id, event, request, claim=False, wait_id=wait_id)


@router.post(
    "/{instance_id}/{event}/decide",
    summary="Send a decision",
    description="Of concurrent decisions one is accepted; the others get 409. The same decision of "
    "the same person again is answered as the first time.",
    responses=problem_responses(*NOT_WAITING, ProblemType.ALREADY_DECIDED),
)
async def decide(
    instance_id: InstanceId,
    event: EventName,
    request: DecisionRequest,
    inbox: InboxDep,
    wait_id: WaitId = None,
) -> EventAccepted:
    """Deliver a decision to the instance that waits for it."""
    return await inbox.decide(instance_id, event, request, wait_id)
