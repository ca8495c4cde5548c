"""The orchestrator's HTTP API: the workflows' routes, in the order of the catalogue."""

from fastapi import APIRouter

from orchestrator.api import inbox as waiting
from orchestrator.api import inspection as explain
from orchestrator.api import instance_list, instances, operations, schedules, system
from orchestrator.api.workflow import workflow_router
from orchestrator.bootstrap import Orchestrator
from orchestrator.workflows.application import routes as application
from orchestrator.workflows.document_batch import routes as batch
from orchestrator.workflows.hello import routes as hello
from orchestrator.workflows.onboarding import routes as onboarding
from orchestrator.workflows.order import routes as order
from orchestrator.workflows.registrations import definitions
from orchestrator.workflows.research import notes_routes as notes
from orchestrator.workflows.research import routes as research
from orchestrator.workflows.tracked_task import routes as tracked_task
from servicekit.startup import Startup

TAGS = [{"name": d.title, "description": d.description} for d in definitions()]
TAGS += [notes.TAG, *instances.TAGS, *operations.TAGS, *schedules.TAGS, *waiting.TAGS]


def routers(services: Startup[Orchestrator]) -> list[APIRouter]:
    """Return every route."""
    return [
        # Before `/applications/{instance_id}`, which would take it.
        application.router(services),
        *(workflow_router(services, definition) for definition in definitions()),
        hello.router(services),
        order.router(services),
        research.router(services),
        notes.router(services),
        tracked_task.router(services),
        batch.router(services),
        onboarding.router(services),
        instances.catalogue_router(),
        # Before the next, which takes any name for an id.
        instance_list.router(services),
        instances.instances_router(services),
        operations.router(services),
        waiting.router(services),
        schedules.router(services),
        system.router(services),
        explain.router(services),
    ]
