"""Events for instances of every workflow, and the catalogue itself."""

from typing import Annotated, Any

from fastapi import APIRouter, Body

from contracts.orchestrator import EventAccepted, WorkflowInfo
from contracts.problems import ProblemType
from orchestrator.api.deps import CatalogueDep, EngineDep, EventsDep
from orchestrator.api.params import InstanceId
from orchestrator.engine.client import unknown_instance
from orchestrator.inbox.service import parse_payload, require_event
from servicekit.problems import problem_responses

TAGS = [
    {"name": "workflows", "description": "What there is to start"},
    {"name": "instances", "description": "What was started, whichever workflow it runs"},
]

catalogue_router = APIRouter(tags=["workflows"])
router = APIRouter(prefix="/instances/{instance_id}", tags=["instances"])


@catalogue_router.get("/workflows", summary="List the workflows")
async def list_workflows(catalogue: CatalogueDep) -> list[WorkflowInfo]:
    """Return what every workflow says about itself."""
    return [definition.info() for definition in catalogue.definitions]


@router.post(
    "/events/{event}",
    summary="Send an event",
    description="The event must be one of the workflow's, see `GET /workflows`, and the "
    "payload valid by its schema.",
    responses=problem_responses(
        ProblemType.NOT_FOUND,
        ProblemType.NOT_WAITING,
        ProblemType.ALREADY_DECIDED,
        ProblemType.INSTANCE_FINISHED,
    ),
)
async def send_event(
    instance_id: InstanceId,
    event: str,
    payload: Annotated[dict[str, Any], Body(examples=[{"approved": True, "approver": "bo"}])],
    engine: EngineDep,
    events: EventsDep,
    catalogue: CatalogueDep,
) -> EventAccepted:
    """Send an event to an instance of any workflow."""
    state = await engine.state(instance_id)
    definition = catalogue.of_workflow(state.name)
    if definition is None:
        raise unknown_instance(instance_id)
    wanted = require_event(definition, event)
    await events.deliver(state, wanted, parse_payload(wanted, payload))
    return EventAccepted(instance_id=instance_id, event=wanted.name)
