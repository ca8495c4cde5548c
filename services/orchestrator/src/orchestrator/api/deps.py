"""FastAPI dependencies of the routes: each takes those that it needs as annotated parameters."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from httpx import AsyncClient

from orchestrator.api.rate_limits import RateLimits
from orchestrator.dapr_sdk.management import Management
from orchestrator.engine.client import Engine
from orchestrator.engine.event_delivery import Events
from orchestrator.inbox.service import Inbox
from orchestrator.inspection.inspector import Inspector
from orchestrator.inspection.live_view import LiveView
from orchestrator.operations.audit import Audit
from orchestrator.operations.bulk import BulkOperations
from orchestrator.operations.service import Operations
from orchestrator.operations.torn import TornInstances
from orchestrator.reconciliation.reconciler import NoProgress
from orchestrator.scheduling.scheduler import Scheduler
from orchestrator.settings import Settings
from orchestrator.storage.guard import StoreGuard
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.peers.health import PeerHealth
from orchestrator.toolkit.workflow_settings import SettingsRegistry
from orchestrator.visibility.index import InstanceIndex
from orchestrator.visibility.poller import Poller
from orchestrator.visibility.sse import CachedCounts
from servicekit.startup import opened
from servicekit.state import StateStore
from servicekit.stream_slots import StreamSlots


@dataclass(frozen=True)
class Orchestrator:
    """What the service opened at its start, for the routes.

    Args:
        settings: The service's settings.
        workflow_settings: The settings of each workflow.
        engine: Starts workflows and reads their state.
        events: Delivers their events.
        management: The engine, as far as the SDK's client does not do.
        operations: Operations on an instance.
        bulk: Operations on many instances.
        torn: Removes instances whose state is incomplete.
        inbox: Waits, claims and decisions.
        audit: The audit trail.
        inspector: Reads one instance in detail.
        live_view: Notifies each time an instance has changed.
        store: The state store, on the routes' event loop.
        sidecar: The sidecar's HTTP API.
        peers: Which peers can serve.
        index: The list of all instances.
        poller: Keeps the list up to date.
        counts: The counts of the list, shared by its streams.
        scheduler: Starts workflows by schedules.
        rate_limits: How often a caller may start and upload.
        no_progress: Returns which instances make no progress; None where nobody looks for them.
        store_guard: Refuses new work while the store is nearly full.
        streams: Bounds how many event streams there are.
    """

    settings: Settings
    workflow_settings: SettingsRegistry
    engine: Engine
    events: Events
    management: Management
    operations: Operations
    bulk: BulkOperations
    torn: TornInstances
    inbox: Inbox
    audit: Audit
    inspector: Inspector
    live_view: LiveView
    store: StateStore
    sidecar: AsyncClient
    peers: PeerHealth
    index: InstanceIndex
    poller: Poller
    counts: CachedCounts
    scheduler: Scheduler
    no_progress: Callable[[], NoProgress] | None
    store_guard: StoreGuard
    rate_limits: RateLimits
    streams: StreamSlots


opened_orchestrator = opened(Orchestrator)
"""The dependency that all others derive from."""

OpenedDep = Annotated[Orchestrator, Depends(opened_orchestrator)]


async def _workflow_settings(orchestrator: OpenedDep) -> SettingsRegistry:
    return orchestrator.workflow_settings


async def _catalogue(request: Request) -> Catalogue:
    catalogue: Catalogue = request.app.state.catalogue
    return catalogue


async def _engine(orchestrator: OpenedDep) -> Engine:
    return orchestrator.engine


async def _events(orchestrator: OpenedDep) -> Events:
    return orchestrator.events


async def _management(orchestrator: OpenedDep) -> Management:
    return orchestrator.management


async def _operations(orchestrator: OpenedDep) -> Operations:
    return orchestrator.operations


async def _bulk(orchestrator: OpenedDep) -> BulkOperations:
    return orchestrator.bulk


async def _torn(orchestrator: OpenedDep) -> TornInstances:
    return orchestrator.torn


async def _inbox(orchestrator: OpenedDep) -> Inbox:
    return orchestrator.inbox


async def _audit(orchestrator: OpenedDep) -> Audit:
    return orchestrator.audit


async def _inspector(orchestrator: OpenedDep) -> Inspector:
    return orchestrator.inspector


async def _live_view(orchestrator: OpenedDep) -> LiveView:
    return orchestrator.live_view


async def _store(orchestrator: OpenedDep) -> StateStore:
    return orchestrator.store


async def _sidecar(orchestrator: OpenedDep) -> AsyncClient:
    return orchestrator.sidecar


async def _peers(orchestrator: OpenedDep) -> PeerHealth:
    return orchestrator.peers


async def _index(orchestrator: OpenedDep) -> InstanceIndex:
    return orchestrator.index


async def _poller(orchestrator: OpenedDep) -> Poller:
    return orchestrator.poller


async def _counts(orchestrator: OpenedDep) -> CachedCounts:
    return orchestrator.counts


async def _store_guard(orchestrator: OpenedDep) -> StoreGuard:
    return orchestrator.store_guard


async def _rate_limits(orchestrator: OpenedDep) -> RateLimits:
    return orchestrator.rate_limits


async def _no_progress(orchestrator: OpenedDep) -> NoProgress | None:
    return orchestrator.no_progress() if orchestrator.no_progress else None


async def _scheduler(orchestrator: OpenedDep) -> Scheduler:
    return orchestrator.scheduler


async def stream_slot(orchestrator: OpenedDep) -> AsyncIterator[None]:
    """Take a slot until the stream has ended; without one the answer is 503."""
    with orchestrator.streams.slot():
        yield


WorkflowSettingsDep = Annotated[SettingsRegistry, Depends(_workflow_settings)]
CatalogueDep = Annotated[Catalogue, Depends(_catalogue)]
EngineDep = Annotated[Engine, Depends(_engine)]
EventsDep = Annotated[Events, Depends(_events)]
ManagementDep = Annotated[Management, Depends(_management)]
OperationsDep = Annotated[Operations, Depends(_operations)]
BulkDep = Annotated[BulkOperations, Depends(_bulk)]
TornDep = Annotated[TornInstances, Depends(_torn)]
InboxDep = Annotated[Inbox, Depends(_inbox)]
AuditDep = Annotated[Audit, Depends(_audit)]
InspectorDep = Annotated[Inspector, Depends(_inspector)]
LiveViewDep = Annotated[LiveView, Depends(_live_view)]
StoreDep = Annotated[StateStore, Depends(_store)]
SidecarDep = Annotated[AsyncClient, Depends(_sidecar)]
PeersDep = Annotated[PeerHealth, Depends(_peers)]
IndexDep = Annotated[InstanceIndex, Depends(_index)]
PollerDep = Annotated[Poller, Depends(_poller)]
CountsDep = Annotated[CachedCounts, Depends(_counts)]
RateLimitsDep = Annotated[RateLimits, Depends(_rate_limits)]
StoreGuardDep = Annotated[StoreGuard, Depends(_store_guard)]
NoProgressDep = Annotated[NoProgress | None, Depends(_no_progress)]
SchedulerDep = Annotated[Scheduler, Depends(_scheduler)]


class Upload:
    """What a caller adds to the store by a request."""

    def __init__(self, guard: StoreGuard, rate_limits: RateLimits, request: Request) -> None:
        """Prepare to admit what `request` adds."""
        self._guard = guard
        self._rate_limits = rate_limits
        self._request = request

    async def admit(self) -> None:
        """Admit it.

        Raises:
            ProblemError: The caller adds too often (429), or the store is nearly full (503).
        """
        await self._rate_limits.count_upload(self._request)
        self._guard.admit()


async def _upload(request: Request, guard: StoreGuardDep, rate_limits: RateLimitsDep) -> Upload:
    return Upload(guard, rate_limits, request)


UploadDep = Annotated[Upload, Depends(_upload)]
