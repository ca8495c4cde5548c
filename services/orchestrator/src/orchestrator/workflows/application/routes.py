"""How applications are scored."""

from fastapi import APIRouter

from orchestrator.bootstrap import Orchestrator
from orchestrator.workflows.application.adapters.rules_file import load
from orchestrator.workflows.application.screening import Rules
from orchestrator.workflows.application.workflow import DEFINITION
from servicekit.startup import Startup


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the routes that applications have besides those of every workflow."""
    router = APIRouter(tags=[DEFINITION.title])

    @router.get(f"{DEFINITION.path}/rules", summary="How are applications scored?")
    async def application_rules() -> Rules:
        return load(services.value().settings.application_rules_file)

    return router
