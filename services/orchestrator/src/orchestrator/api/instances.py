"""Routes for every workflow: the catalogue, and events."""

from typing import Annotated, Any

from fastapi import APIRouter, Body

from contracts.problems import ProblemType
from orchestrator.api.deps import CatalogueDep, InboxDep
from orchestrator.api.params import EventName, InstanceId, WaitId
from orchestrator.schemas.workflows import EventAccepted, WorkflowInfo
from servicekit.problems import problem_responses

TAGS = [
    {"name": "workflows", "description": "The catalogue of workflows"},
    {"name": "instances", "description": "Instances of all workflows"},
]

catalogue_router = APIRouter(tags=["workflows"])
router = APIRouter(prefix="/instances/{instance_id}", tags=["instances"])


@catalogue_router.get("/workflows", summary="List the workflows")
async def list_workflows(catalogue: CatalogueDep) -> list[WorkflowInfo]:
    """Return the description of every workflow."""
    return [definition.info() for definition in catalogue.definitions]


@router.post(
    "/events/{event}",
    summary="Send an event",
    description="The workflow must declare the event, and the payload must match its schema: see "
    "`GET /workflows`. The same event again is answered as the first time.",
    responses=problem_responses(
        ProblemType.NOT_FOUND,
        ProblemType.NOT_WAITING,
        ProblemType.CLAIMED,
        ProblemType.ALREADY_DECIDED,
        ProblemType.INSTANCE_FINISHED,
    ),
)
async def send_event(
    instance_id: InstanceId,
    event: EventName,
    payload: Annotated[dict[str, Any], Body(examples=[{"approved": True, "approver": "bo"}])],
    inbox: InboxDep,
    wait_id: WaitId = None,
) -> EventAccepted:
    """Deliver an event to an instance of any workflow."""
    return await inbox.send_event(instance_id, event, payload, wait_id)
