"""Liveness and readiness probes."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from contracts.problems import ProblemType
from servicekit.problems import ProblemError, problem_responses
from servicekit.readiness import Readiness


class Health(BaseModel):
    """The answer to a probe."""

    status: Literal["alive", "ready"]


def health_router(readiness: Readiness) -> APIRouter:
    """Return the routes that a kubelet or a load balancer probes."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="Check liveness")
    async def healthz() -> Health:
        return Health(status="alive")

    @router.get(
        "/readyz",
        summary="Check readiness",
        responses=problem_responses(ProblemType.UNAVAILABLE),
    )
    async def readyz() -> Health:
        reasons = await readiness.reasons()
        if reasons:
            raise ProblemError(ProblemType.UNAVAILABLE, "; ".join(reasons), retry_after=1)
        return Health(status="ready")

    return router
