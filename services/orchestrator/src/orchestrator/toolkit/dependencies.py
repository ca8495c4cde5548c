"""What activities depend on: clients of the peers, the state store, settings."""

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
    """One of each, for the activities alone: they run on the worker's own event loop.

    Args:
        settings: The service's settings.
        workflow_settings: The settings of each workflow.
        assigner: Assigns tasks to people.
        notifier: Delivers notifications.
        store: The orchestrator's own state.
        sidecar: The sidecar's HTTP API, for what has no client of its own.
        web: Addresses outside the system.
    """

    settings: Settings
    workflow_settings: SettingsRegistry
    assigner: AssignerClient
    notifier: NotifierClient
    store: StateStore
    sidecar: AsyncClient
    web: AsyncClient
