"""Reads the scoring rules of applications."""

from fastapi import APIRouter

from orchestrator.api.deps import WorkflowSettingsDep
from orchestrator.workflows.application.adapters.rules_file import load
from orchestrator.workflows.application.screening import Rules
from orchestrator.workflows.application.settings import ApplicationSettings
from orchestrator.workflows.application.workflow import DEFINITION

router = APIRouter(tags=[DEFINITION.title])


@router.get(f"{DEFINITION.path}/rules", summary="Show the scoring rules")
async def application_rules(settings: WorkflowSettingsDep) -> Rules:
    """Return the points of each keyword, and the thresholds."""
    return load(settings.of(ApplicationSettings).application_rules_file)
