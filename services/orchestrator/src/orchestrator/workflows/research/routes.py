"""The texts of research: drafts, and the report that was delivered."""

from typing import Annotated

from fastapi import APIRouter, Path

from contracts.problems import ProblemType
from orchestrator.api.workflow import InstanceId
from orchestrator.bootstrap import Orchestrator
from orchestrator.workflows.research.adapters.reports import Report, Reports
from orchestrator.workflows.research.review import MAX_ROUNDS
from orchestrator.workflows.research.steps import draft_key, report_key
from orchestrator.workflows.research.workflow import DEFINITION
from servicekit.problems import ProblemError, problem_responses
from servicekit.startup import Startup


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the routes that research has besides those of every workflow."""
    router = APIRouter(
        prefix=f"{DEFINITION.path}/{{instance_id}}",
        tags=[DEFINITION.title],
        responses=problem_responses(ProblemType.NOT_FOUND),
    )

    async def found(instance_id: str, key: str, what: str) -> Report:
        orchestrator = services.value()
        # A key is made of an id that exists, so that it has no character of its own meaning.
        await orchestrator.engine.state_of(instance_id, DEFINITION)
        report = await Reports(orchestrator.store).find(key)
        if report is None:
            raise ProblemError(ProblemType.NOT_FOUND, f"{instance_id} has no {what}")
        return report

    @router.get("/report", summary="Read the report that was delivered")
    async def read_report(instance_id: InstanceId) -> Report:
        return await found(instance_id, report_key(instance_id), "report yet")

    @router.get("/drafts/{number}", summary="Read a draft")
    async def read_draft(
        instance_id: InstanceId, number: Annotated[int, Path(ge=1, le=MAX_ROUNDS)]
    ) -> Report:
        return await found(instance_id, draft_key(instance_id, number), f"draft {number}")

    return router
