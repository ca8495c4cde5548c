"""What holds for instances of every workflow, and the catalogue itself."""

from typing import Annotated, Any

from fastapi import APIRouter, Body

from contracts.orchestrator import EventAccepted, WorkflowInfo
from contracts.problems import ProblemType
from orchestrator.api.workflow import InstanceId
from orchestrator.bootstrap import Orchestrator
from orchestrator.engine.client import unknown
from orchestrator.inbox.service import declared, valid
from orchestrator.workflows.registrations import definition_of, definitions
from servicekit.problems import problem_responses
from servicekit.startup import Startup

TAGS = [
    {"name": "workflows", "description": "What there is to start"},
    {"name": "instances", "description": "What was started, whichever workflow it runs"},
]


def catalogue_router() -> APIRouter:
    """Return the route that lists the workflows."""
    router = APIRouter(tags=["workflows"])

    @router.get("/workflows", summary="Which workflows are there?")
    async def list_workflows() -> list[WorkflowInfo]:
        return [definition.info() for definition in definitions()]

    return router


def instances_router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the route by which any workflow takes its events."""
    router = APIRouter(prefix="/instances/{instance_id}", tags=["instances"])

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
    ) -> EventAccepted:
        orchestrator = services.value()
        state = await orchestrator.engine.state(instance_id)
        definition = definition_of(state.name)
        if definition is None:
            raise unknown(instance_id)
        wanted = declared(definition, event)
        await orchestrator.events.deliver(instance_id, wanted, valid(wanted, payload))
        return EventAccepted(instance_id=instance_id, event=wanted.name)

    return router
