"""Diagnostics of the system, and the versions that run."""

from typing import Annotated

from fastapi import APIRouter, Depends

from orchestrator.api.deps import (
    ManagementDep,
    NoProgressDep,
    PeersDep,
    SidecarDep,
    StoreDep,
    StoreGuardDep,
)
from orchestrator.diagnostics.doctor import Doctor
from orchestrator.reconciliation.system_check import progress_check
from orchestrator.schemas.system import SystemReport, Versions

router = APIRouter(tags=["health"])


async def _doctor(
    sidecar: SidecarDep,
    store: StoreDep,
    management: ManagementDep,
    guard: StoreGuardDep,
    peers: PeersDep,
) -> Doctor:
    return Doctor(sidecar, store, management, guard, peers)


DoctorDep = Annotated[Doctor, Depends(_doctor)]


@router.get("/system", summary="Diagnose the system")
async def report(doctor: DoctorDep, no_progress: NoProgressDep) -> SystemReport:
    """Check what workflows depend on, with a remedy for each check that fails."""
    found = await doctor.report()
    return SystemReport(checks=[*found.checks, progress_check(no_progress)])


@router.get("/version", summary="Show the versions")
async def version(doctor: DoctorDep) -> Versions:
    """Return which versions of the service, the SDK and the runtime run."""
    return await doctor.versions()
