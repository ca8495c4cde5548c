"""The dependencies of activities: clients of the peers, the state store, settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient

from orchestrator.settings import Settings
from orchestrator.toolkit.peers.assigner import AssignerClient
from orchestrator.toolkit.peers.notifier import NotifierClient
from orchestrator.toolkit.workflow_settings import SettingsRegistry
from servicekit.state import StateStore

Activity = Callable[..., Any]
Activities = Mapping[str, Activity]
"""Activities by the name that workflows call them by."""


@dataclass(frozen=True)
class ActivityDependencies:
    """Clients and settings for the activities alone, which run on the worker's event loop.

    Args:
        settings: The service's settings.
        workflow_settings: The settings of each workflow.
        assigner: The client of the assigner.
        notifier: The client of the notifier.
        store: The orchestrator's state store; what an activity writes expires (RECORDS_KEPT_DAYS)
            unless it says PERMANENT.
        sidecar: The HTTP client of the sidecar, for what has no client of its own.
        web: The HTTP client for addresses outside the system.
    """

    settings: Settings
    workflow_settings: SettingsRegistry
    assigner: AssignerClient
    notifier: NotifierClient
    store: StateStore
    sidecar: AsyncClient
    web: AsyncClient
