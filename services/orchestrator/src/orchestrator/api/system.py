"""The report of the doctor, and the versions that run."""

from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.system import SystemReport, Versions
from orchestrator.api.deps import ManagementDep, SidecarDep, StoreDep
from orchestrator.diagnostics.doctor import System

router = APIRouter(tags=["health"])


async def _system(sidecar: SidecarDep, store: StoreDep, management: ManagementDep) -> System:
    return System(sidecar, store, management)


SystemDep = Annotated[System, Depends(_system)]


@router.get("/system", summary="Diagnose the system")
async def report(system: SystemDep) -> SystemReport:
    """Check what workflows depend on, with a remedy for each check that fails."""
    return await system.report()


@router.get("/version", summary="Show the versions")
async def version(system: SystemDep) -> Versions:
    """Return which versions of the service, the SDK and the runtime run."""
    return await system.versions()
