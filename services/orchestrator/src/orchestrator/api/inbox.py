"""The inbox: what waits for people, and what they decide."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from contracts.orchestrator import EventAccepted
from contracts.problems import ProblemType
from contracts.waiting import Claim, ClaimRequest, DecisionRequest, WaitingPage, WaitingQuery
from orchestrator.api.deps import InboxDep
from orchestrator.api.params import InstanceId
from servicekit.problems import problem_responses

TAGS = [{"name": "waiting", "description": "The inbox: what waits for people"}]

EventName = Annotated[str, Path(max_length=100, description="What it waits for")]
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
    description="The soonest deadline first, each with the schema of the decision that it "
    "takes. It is read from the list of instances: `index` says how much of what there is it "
    "knows.",
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
    instance_id: InstanceId, event: EventName, request: ClaimRequest, inbox: InboxDep
) -> Claim:
    """Claim a wait for one person."""
    return await inbox.change_claim(instance_id, event, request, claim=True)


@router.post(
    "/{instance_id}/{event}/release",
    summary="Release a claim",
    responses=problem_responses(*NOT_WAITING),
)
async def release(
    instance_id: InstanceId, event: EventName, request: ClaimRequest, inbox: InboxDep
) -> Claim:
    """Release a claimed wait."""
    return await inbox.change_claim(instance_id, event, request, claim=False)


@router.post(
    "/{instance_id}/{event}/decide",
    summary="Decide",
    description="Of two who decide at once, one is accepted and the other gets 409.",
    responses=problem_responses(*NOT_WAITING, ProblemType.ALREADY_DECIDED),
)
async def decide(
    instance_id: InstanceId, event: EventName, request: DecisionRequest, inbox: InboxDep
) -> EventAccepted:
    """Send a decision to the instance that waits for it."""
    return await inbox.decide(instance_id, event, request)
