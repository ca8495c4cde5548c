"""The report of the doctor, and the versions that run."""

from fastapi import APIRouter

from contracts.system import SystemReport, Versions
from orchestrator.bootstrap import Orchestrator
from orchestrator.diagnostics.doctor import System
from servicekit.startup import Startup


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the routes that check what workflows need."""
    router = APIRouter(tags=["health"])

    @router.get("/system", summary="Is everything well, and what is to be done if not?")
    async def system() -> SystemReport:
        return await _system(services.value()).report()

    @router.get("/version", summary="Show which versions run")
    async def version() -> Versions:
        return await _system(services.value()).versions()

    return router


def _system(orchestrator: Orchestrator) -> System:
    return System(orchestrator.sidecar, orchestrator.store, orchestrator.management)
