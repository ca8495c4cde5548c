"""Dependencies of activities for unit tests: a store in memory, and HTTP that goes nowhere."""

from httpx import AsyncClient

from orchestrator.settings import Settings
from orchestrator.toolkit.dependencies import ActivityDependencies
from orchestrator.toolkit.peers.assigner import AssignerClient
from orchestrator.toolkit.peers.notifier import NotifierClient
from orchestrator.toolkit.workflow_settings import SettingsRegistry, WorkflowSettings
from servicekit.state import StateStore
from servicekit.testing import MemoryStateStore


def activity_dependencies(
    *workflow_settings: WorkflowSettings,
    store: StateStore | None = None,
    http: AsyncClient | None = None,
    settings: Settings | None = None,
) -> ActivityDependencies:
    """Return what activities depend on.

    Args:
        workflow_settings: The settings of the workflow, one of each class that it reads.
        store: The state store; a new one in memory by default.
        http: Reaches peers, sidecar and web; by default nothing answers it.
        settings: The service's settings; the defaults where none are given.
    """
    client = http or AsyncClient()
    return ActivityDependencies(
        settings=settings or Settings(),
        workflow_settings=SettingsRegistry(workflow_settings),
        assigner=AssignerClient(client),
        notifier=NotifierClient(client),
        store=store or MemoryStateStore(),
        sidecar=client,
        web=client,
    )
