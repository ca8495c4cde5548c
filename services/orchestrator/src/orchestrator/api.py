"""The orchestrator's HTTP API: the workflows' routes, in the order of the catalogue."""

from fastapi import APIRouter

from orchestrator.catalogue import definitions
from orchestrator.routes import hello, instance_list, instances
from orchestrator.routes.workflow import workflow_router
from orchestrator.service import Orchestrator
from servicekit.startup import Startup

TAGS = [{"name": d.title, "description": d.description} for d in definitions()] + instances.TAGS


def routers(services: Startup[Orchestrator]) -> list[APIRouter]:
    """Return every route."""
    return [
        *(workflow_router(services, definition) for definition in definitions()),
        hello.router(services),
        instances.catalogue_router(),
        # Before the next, which takes any name for an id.
        instance_list.router(services),
        instances.instances_router(services),
    ]
