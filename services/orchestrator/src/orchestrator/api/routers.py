"""The orchestrator's HTTP API: the workflows' routes, in the order of the catalogue."""

from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.routing import APIRoute

from contracts.problems import ProblemType
from orchestrator.api import (
    inbox,
    inspection,
    instance_list,
    instances,
    operations,
    schedules,
    system,
)
from orchestrator.api.workflow import instance_router, start_router
from orchestrator.toolkit.catalogue import Catalogue
from servicekit.problems import problem_responses


def tags(catalogue: Catalogue) -> list[dict[str, str]]:
    """Return the sections of Swagger UI, in order, with a description each."""
    own = [{"name": d.title, "description": d.description} for d in catalogue.definitions]
    contributed = [tag for workflow in catalogue.workflows for tag in workflow.tags]
    machinery = (instances, operations, schedules, inbox)
    return [*own, *contributed, *(tag for module in machinery for tag in module.TAGS)]


def routers(catalogue: Catalogue) -> list[APIRouter]:
    """Return every route; where two match a path, the first answers."""
    found = [
        *_of_workflows(catalogue),
        instances.catalogue_router,
        # Before what takes any name for an instance's id.
        instance_list.router,
        instances.router,
        operations.router,
        inbox.router,
        schedules.router,
        system.router,
        inspection.router,
    ]
    for router in found:
        _document_gone(router)
    return found


def _document_gone(router: APIRouter) -> None:
    """Say of each route of an instance that it may be gone: purged, or removed by retention."""
    gone = problem_responses(ProblemType.INSTANCE_GONE)
    for route in router.routes:
        if isinstance(route, APIRoute) and "{instance_id}" in route.path:
            route.responses = {**gone, **route.responses}


def _of_workflows(catalogue: Catalogue) -> Iterator[APIRouter]:
    for workflow in catalogue.workflows:
        yield start_router(workflow.definition)
        # Its own come before those that take any name below its path for an instance's id.
        yield from workflow.routers
        yield instance_router(workflow.definition)
