"""The orchestrator's HTTP API: the workflows' routes, in the order of the catalogue."""

from fastapi import APIRouter

from orchestrator.catalogue import definitions
from orchestrator.routes import (
    application,
    batch,
    explain,
    hello,
    instance_list,
    instances,
    notes,
    onboarding,
    operations,
    order,
    research,
    schedules,
    system,
    tracked_task,
    waiting,
)
from orchestrator.routes.workflow import workflow_router
from orchestrator.service import Orchestrator
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
