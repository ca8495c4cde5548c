"""What the orchestrator's routes use, put together."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from httpx import AsyncClient

from orchestrator.dapr_sdk.management import (
    Management,
    later_history,
    sidecar_channel,
    workflow_client,
)
from orchestrator.dapr_sdk.sidecar_watchdog import ending_a_wedged_sidecar
from orchestrator.engine.client import Engine
from orchestrator.engine.event_delivery import Events
from orchestrator.engine.worker import build_worker
from orchestrator.inbox.claims import Claims
from orchestrator.inbox.service import Inbox
from orchestrator.inspection.inspector import Explainer
from orchestrator.inspection.live_view import LookingOn
from orchestrator.inspection.tombstones import Links
from orchestrator.metrics import observe
from orchestrator.operations.audit import Audit
from orchestrator.operations.bulk import Batch
from orchestrator.operations.service import Operations
from orchestrator.scheduling.callback_server import app_channel
from orchestrator.scheduling.dapr_jobs import DaprJobs, JobEvents
from orchestrator.scheduling.scheduler import Scheduler
from orchestrator.scheduling.store import ScheduleStore
from orchestrator.settings import Settings
from orchestrator.telemetry.trace_context import Origins
from orchestrator.toolkit.accepted_events import Decisions
from orchestrator.toolkit.dependencies import Ports
from orchestrator.toolkit.peers.assigner import AssignerClient
from orchestrator.toolkit.peers.notifier import NotifierClient
from orchestrator.visibility.change_feed import Feed
from orchestrator.visibility.index import InstanceIndex
from orchestrator.visibility.poller import Pace, Refresher
from orchestrator.visibility.sse import Counted
from orchestrator.workflows.order.adapters.ledger_shop import Shop, open_shop
from orchestrator.workflows.tracked_task.actor.host import hosting_actors
from orchestrator.workflows.tracked_task.adapters.task_actor_client import TaskActorClient
from servicekit.opening import dapr_client, later_state_store, open_sidecar, open_state_store
from servicekit.readiness import Readiness
from servicekit.sidecar import sidecar_client
from servicekit.state import StateStore


@dataclass(frozen=True)
class Orchestrator:
    """What is behind the routes.

    Args:
        settings: The service's settings.
        engine: Starts workflows and reads their state.
        events: Takes events for them.
        management: What the SDK's client does not offer.
        operations: What operators do to instances.
        batch: The same, to many.
        inbox: What waits for people.
        audit: Who did what.
        explainer: Says what an instance did, and waits for.
        looking_on: Tells each time an instance has moved.
        store: The orchestrator's own state, on the routes' event loop.
        sidecar: The sidecar's HTTP API.
        index: What is known of every instance.
        refresher: What keeps the index true.
        counted: The index's counts, for all who watch.
        scheduler: Starts workflows on time.
        shop: Goods, money and the carrier, for orders.
        tasks: The actors of tracked tasks.
    """

    settings: Settings
    engine: Engine
    events: Events
    management: Management
    operations: Operations
    batch: Batch
    inbox: Inbox
    audit: Audit
    explainer: Explainer
    looking_on: LookingOn
    store: StateStore
    sidecar: AsyncClient
    index: InstanceIndex
    refresher: Refresher
    counted: Counted
    scheduler: Scheduler
    shop: Shop
    tasks: TaskActorClient


async def open_orchestrator(
    stack: AsyncExitStack, settings: Settings, readiness: Readiness
) -> Orchestrator:
    """Start the worker and return the engine; both use the sidecar, which must come first."""
    # First, for the sidecar waits for it.
    jobs = JobEvents()
    await stack.enter_async_context(app_channel(settings, jobs))
    sidecar = await open_sidecar(stack, settings, readiness)
    if settings.host_workflows:
        worker = build_worker(_ports(settings), settings, later_history(settings))
        stack.push_async_callback(asyncio.to_thread, worker.shutdown)
        await asyncio.to_thread(worker.start)
        readiness.add(sidecar.why_no_worker)
        await stack.enter_async_context(ending_a_wedged_sidecar(sidecar))
    client = workflow_client(settings)
    channel = await stack.enter_async_context(sidecar_channel(settings))
    management = Management(channel, settings.dapr_api_token)
    store = await open_state_store(stack, settings)
    http = await stack.enter_async_context(sidecar_client(settings, settings.peer_timeout_seconds))
    hasty = await stack.enter_async_context(
        sidecar_client(settings, settings.reminder_timeout_seconds)
    )
    await stack.enter_async_context(hosting_actors(settings, NotifierClient(hasty)))
    index = InstanceIndex(Feed())
    readiness.on_draining(index.feed.close)
    counted = Counted(index)
    observe(counted.now)
    refresher = Refresher(client, management, index, _pace(settings))
    await stack.enter_async_context(refresher.running())
    origins = Origins(management.get_workflow_history)
    engine = Engine(client, management, settings.start_timeout_seconds, origins, refresher)
    scheduler = Scheduler(
        ScheduleStore(store),
        engine,
        DaprJobs(await stack.enter_async_context(dapr_client(settings))),
    )
    await stack.enter_async_context(scheduler.arming())
    jobs.fire = scheduler.fire
    audit, links = Audit(store), Links(store)
    explainer = Explainer(management, links, sidecar.why_no_worker, settings.jaeger_url)
    operations = Operations(engine, client, management, audit, links, refresher.refresh)
    events = Events(engine, Decisions(store), origins)
    return Orchestrator(
        settings=settings,
        engine=engine,
        events=events,
        management=management,
        operations=operations,
        batch=Batch(index, operations, audit),
        inbox=Inbox(index, refresher, engine, events, Claims(store), audit),
        audit=audit,
        explainer=explainer,
        looking_on=LookingOn(explainer.mark, explainer.detail, lambda: readiness.draining),
        store=store,
        sidecar=http,
        index=index,
        refresher=refresher,
        counted=counted,
        scheduler=scheduler,
        shop=open_shop(store, settings),
        tasks=TaskActorClient(http, settings.actor_timeout_seconds),
    )


def _pace(settings: Settings) -> Pace:
    return Pace(
        look_seconds=settings.index_look_seconds,
        round_seconds=settings.index_round_seconds,
        reads_per_round=settings.index_reads_per_round,
        concurrency=settings.index_concurrency,
    )


def _ports(settings: Settings) -> Ports:
    """Return what activities use: its connections belong to the worker's loop, and end with it."""
    http = sidecar_client(settings, settings.peer_timeout_seconds)
    return Ports(
        settings=settings,
        assigner=AssignerClient(http),
        notifier=NotifierClient(http),
        store=later_state_store(settings),
        sidecar=http,
        web=AsyncClient(timeout=settings.web_timeout_seconds, follow_redirects=False),
    )
