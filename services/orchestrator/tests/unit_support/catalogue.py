"""The catalogue of the hosted workflows, and their settings as they are by default."""

from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.workflow_settings import SettingsRegistry, WorkflowSettings
from orchestrator.workflows.registrations import WORKFLOWS

CATALOGUE = Catalogue(WORKFLOWS)


def settings_with(*given: WorkflowSettings) -> SettingsRegistry:
    """Return the settings of every workflow, with these in place of the defaults."""
    defaults = (kind() for workflow in WORKFLOWS for kind in workflow.settings)
    return SettingsRegistry([*defaults, *given])
