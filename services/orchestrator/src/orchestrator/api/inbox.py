"""The inbox: what waits for people, and what they decide."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from contracts.orchestrator import EventAccepted
from contracts.problems import ProblemType
from contracts.waiting import Claim, ClaimRequest, DecisionRequest, WaitingPage, WaitingQuery
from orchestrator.api.workflow import InstanceId
from orchestrator.bootstrap import Orchestrator
from servicekit.problems import problem_responses
from servicekit.startup import Startup

TAGS = [{"name": "waiting", "description": "The inbox: what waits for people"}]

EventName = Annotated[str, Path(max_length=100, description="What it waits for")]
NOT_WAITING = (
    ProblemType.NOT_FOUND,
    ProblemType.NOT_WAITING,
    ProblemType.CLAIMED,
    ProblemType.INSTANCE_FINISHED,
)


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the routes of those who decide."""
    router = APIRouter(prefix="/waiting", tags=["waiting"])

    @router.get(
        "",
        summary="What waits for somebody?",
        description="The soonest deadline first, each with the schema of the decision that it "
        "takes. It is read from the list of instances: `index` says how much of what there is it "
        "knows.",
    )
    async def list_waiting(query: Annotated[WaitingQuery, Query()]) -> WaitingPage:
        return await services.value().inbox.page(query)

    @router.post(
        "/{instance_id}/{event}/claim",
        summary="Say that you see to it",
        responses=problem_responses(*NOT_WAITING),
    )
    async def claim(instance_id: InstanceId, event: EventName, request: ClaimRequest) -> Claim:
        return await services.value().inbox.change_claim(instance_id, event, request, claim=True)

    @router.post(
        "/{instance_id}/{event}/release",
        summary="Give back what you claimed",
        responses=problem_responses(*NOT_WAITING),
    )
    async def release(instance_id: InstanceId, event: EventName, request: ClaimRequest) -> Claim:
        return await services.value().inbox.change_claim(instance_id, event, request, claim=False)

    @router.post(
        "/{instance_id}/{event}/decide",
        summary="Decide",
        description="Of two who decide at once, one is accepted and the other told so (409).",
        responses=problem_responses(*NOT_WAITING, ProblemType.ALREADY_DECIDED),
    )
    async def decide(
        instance_id: InstanceId, event: EventName, request: DecisionRequest
    ) -> EventAccepted:
        return await services.value().inbox.decide(instance_id, event, request)

    return router
