"""What the orchestrator's routes use, put together."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from httpx import AsyncClient

from orchestrator.actors.host import hosting_actors
from orchestrator.adapters.jobs import DaprJobs, JobEvents
from orchestrator.adapters.shop import Shop, open_shop
from orchestrator.app_channel import app_channel
from orchestrator.clients.assigner import AssignerClient
from orchestrator.clients.notifier import NotifierClient
from orchestrator.clients.task_actor import TaskActorClient
from orchestrator.decisions import Decisions
from orchestrator.engine import Engine
from orchestrator.events import Events
from orchestrator.management import Management, later_history, sidecar_channel, workflow_client
from orchestrator.metrics import observe
from orchestrator.operations.audit import Audit
from orchestrator.operations.batch import Batch
from orchestrator.operations.claims import Claims
from orchestrator.operations.explain import Explainer
from orchestrator.operations.feed import Feed
from orchestrator.operations.inbox import Inbox
from orchestrator.operations.index import InstanceIndex
from orchestrator.operations.links import Links
from orchestrator.operations.looking_on import LookingOn
from orchestrator.operations.operations import Operations
from orchestrator.operations.refresher import Pace, Refresher
from orchestrator.operations.schedule_store import ScheduleStore
from orchestrator.operations.schedules import Scheduler
from orchestrator.operations.stream import Counted
from orchestrator.origins import Origins
from orchestrator.ports import Ports
from orchestrator.settings import Settings
from orchestrator.watch import ending_a_wedged_sidecar
from orchestrator.worker import build_worker
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
