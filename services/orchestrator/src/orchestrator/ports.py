"""What activities reach the world through."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient

from orchestrator.clients.assigner import AssignerClient
from orchestrator.clients.notifier import NotifierClient
from orchestrator.settings import Settings
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
