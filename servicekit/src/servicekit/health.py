"""Liveness and readiness: two questions, two answers."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from contracts.problems import ProblemType
from servicekit.problems import ProblemError, problem_responses
from servicekit.readiness import Readiness


class Health(BaseModel):
    """The service's own word about itself."""

    status: Literal["alive", "ready"]


def health_router(readiness: Readiness) -> APIRouter:
    """Return the routes that a kubelet, a load balancer or the stack asks."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="Is the process alive?")
    async def healthz() -> Health:
        return Health(status="alive")

    @router.get(
        "/readyz",
        summary="Can the service do its work now?",
        responses=problem_responses(ProblemType.UNAVAILABLE),
    )
    async def readyz() -> Health:
        reasons = await readiness.reasons()
        if reasons:
            raise ProblemError(ProblemType.UNAVAILABLE, "; ".join(reasons), retry_after=1)
        return Health(status="ready")

    return router
