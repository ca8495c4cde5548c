"""Liveness and readiness probes."""

import asyncio
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from contracts.problems import ProblemType
from servicekit.problems import ProblemError, problem_responses
from servicekit.readiness import Readiness


class Health(BaseModel):
    """The answer to a probe."""

    status: Literal["alive", "ready"]
    warnings: list[str] | None = Field(
        default=None, description="What does not work, and leaves the service ready"
    )


def health_router(readiness: Readiness) -> APIRouter:
    """Return the routes that a kubelet or a load balancer probes."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="Check liveness", response_model_exclude_none=True)
    async def healthz() -> Health:
        return Health(status="alive")

    @router.get(
        "/readyz",
        summary="Check readiness",
        response_model_exclude_none=True,
        responses=problem_responses(ProblemType.UNAVAILABLE),
    )
    async def readyz() -> Health:
        reasons, warnings = await asyncio.gather(readiness.reasons(), readiness.warnings())
        if reasons:
            raise ProblemError(ProblemType.UNAVAILABLE, "; ".join(reasons), retry_after=1)
        return Health(status="ready", warnings=warnings or None)

    return router
