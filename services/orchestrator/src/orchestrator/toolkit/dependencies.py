"""What activities reach the world through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient

from orchestrator.settings import Settings
from orchestrator.toolkit.peers.assigner import AssignerClient
from orchestrator.toolkit.peers.notifier import NotifierClient
from servicekit.state import StateStore

Activity = Callable[..., Any]
Activities = Mapping[str, Activity]
"""Activities by the name that workflows call them by."""


@dataclass(frozen=True)
class Ports:
    """One of each, for the activities alone: they run on the worker's own event loop.

    Args:
        settings: The service's settings.
        assigner: Who does the work.
        notifier: Who is told.
        store: The orchestrator's own state.
        sidecar: The sidecar's HTTP API, for what has no client of its own.
        web: Addresses outside the system.
    """

    settings: Settings
    assigner: AssignerClient
    notifier: NotifierClient
    store: StateStore
    sidecar: AsyncClient
    web: AsyncClient
