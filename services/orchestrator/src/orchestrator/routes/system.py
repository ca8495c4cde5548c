"""Is everything well?"""

from fastapi import APIRouter

from contracts.system import SystemReport
from orchestrator.operations.system import System
from orchestrator.service import Orchestrator
from servicekit.startup import Startup


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the route that looks at what workflows need."""
    router = APIRouter(tags=["health"])

    @router.get("/system", summary="Is everything well, and what is to be done if not?")
    async def system() -> SystemReport:
        orchestrator = services.value()
        checked = System(orchestrator.sidecar, orchestrator.store, orchestrator.management)
        return await checked.report()

    return router
