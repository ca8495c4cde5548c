"""The composition root: opens what the worker and the routes depend on."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

from httpx import AsyncClient

from orchestrator.api.deps import Orchestrator
from orchestrator.api.rate_limits import RateLimits
from orchestrator.dapr_sdk.channels import sidecar_channel, workflow_client
from orchestrator.dapr_sdk.management import Management, lazy_history
from orchestrator.dapr_sdk.sidecar_watchdog import sidecar_watchdog
from orchestrator.engine.client import Engine
from orchestrator.engine.event_delivery import Events
from orchestrator.engine.record_renewal import RecordRenewal
from orchestrator.engine.start_records import RecordTimes, StartRecords
from orchestrator.engine.worker import build_worker
from orchestrator.inbox.claims import Claims
from orchestrator.inbox.service import Inbox
from orchestrator.inspection.inspector import Inspector
from orchestrator.inspection.live_view import LiveView
from orchestrator.inspection.rerun_links import RerunLinks
from orchestrator.metrics import (
    observe,
    observe_peer_waits,
    observe_progress,
    observe_schedules,
    observe_torn,
)
from orchestrator.operations.audit import Audit
from orchestrator.operations.bulk import BulkOperations
from orchestrator.operations.instances import Instances
from orchestrator.operations.purge import Purge
from orchestrator.operations.rerun import Reruns
from orchestrator.operations.retention import Retention, RetentionTimes
from orchestrator.operations.service import Operations
from orchestrator.operations.torn import TornInstances
from orchestrator.reconciliation.opening import blocked_by, open_reconciler
from orchestrator.reconciliation.settings import ReconcilerSettings
from orchestrator.scheduling.callback_server import callback_server
from orchestrator.scheduling.dapr_jobs import DaprJobs, JobEvents
from orchestrator.scheduling.opening import open_schedules
from orchestrator.settings import Settings
from orchestrator.storage.engine_keys import EngineKeys
from orchestrator.storage.opening import open_store_guard, redis_client
from orchestrator.storage.settings import StorageSettings
from orchestrator.telemetry.running_activities import RunningActivities
from orchestrator.telemetry.trace_context import TraceContexts
from orchestrator.toolkit.accepted_events import AcceptedEvents
from orchestrator.toolkit.actor_reminders import ActorReminders
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.dependencies import ActivityDependencies
from orchestrator.toolkit.peers.assigner import AssignerClient
from orchestrator.toolkit.peers.health import PeerHealth
from orchestrator.toolkit.peers.notifier import NotifierClient
from orchestrator.toolkit.workflow_settings import SettingsRegistry
from orchestrator.visibility.active_limits import ActiveLimits
from orchestrator.visibility.change_feed import ChangeFeed
from orchestrator.visibility.ended import EndedInstances
from orchestrator.visibility.entry_reader import EntryReader
from orchestrator.visibility.index import InstanceIndex
from orchestrator.visibility.poller import Poller, PollPace
from orchestrator.visibility.sse import CachedCounts
from servicekit.background import Supervisor
from servicekit.opening import dapr_client, lazy_state_store, open_sidecar, open_state_store
from servicekit.outside import outside_client
from servicekit.readiness import Readiness
from servicekit.sidecar import sidecar_client
from servicekit.state import ExpiringStore
from servicekit.stream_slots import StreamSlots

# Workflows then begin all the same.
SETTLE_SECONDS = 10.0


async def open_orchestrator(
    catalogue: Catalogue, stack: AsyncExitStack, settings: Settings, readiness: Readiness
) -> Orchestrator:
    """Start the worker, and return what the routes depend on.

    Args:
        catalogue: The workflows to host.
        stack: Closes what was opened, when the service stops.
        settings: The service's settings.
        readiness: Reports why the service is not ready.
    """
    workflow_settings, storage_settings = catalogue.read_settings(), StorageSettings()
    supervisor = Supervisor(readiness)
    # First, for the sidecar waits for its port.
    jobs = JobEvents()
    await stack.enter_async_context(callback_server(settings, jobs))
    sidecar = await open_sidecar(stack, settings, readiness)
    for workflow in catalogue.workflows:
        if workflow.background is not None:
            running = workflow.background(settings, workflow_settings, supervisor)
            await stack.enter_async_context(running)
    activities = RunningActivities()
    if settings.host_workflows:
        # Where actors move, Dapr cancels the turns under way and dispatches them again, while the
        # worker is at them: see dapr_sdk/late_results.py.
        actor_types = [name for w in catalogue.workflows for name in w.actor_types]
        await sidecar.wait_until_settled(actor_types, SETTLE_SECONDS)
        worker = build_worker(
            catalogue,
            _dependencies(settings, workflow_settings),
            settings,
            lazy_history(settings),
            activities,
        )
        stack.push_async_callback(asyncio.to_thread, worker.shutdown)
        await asyncio.to_thread(worker.start)
        # What was accepted waits for a worker; the rest of the API needs none.
        readiness.add_warning(sidecar.why_no_worker)
        await stack.enter_async_context(sidecar_watchdog(sidecar, supervisor))
    client = workflow_client(settings)
    channel = await stack.enter_async_context(sidecar_channel(settings))
    management = Management(channel, settings.dapr_api_token)
    store = await open_state_store(stack, settings)
    http = await stack.enter_async_context(sidecar_client(settings, settings.peer_timeout_seconds))
    index = InstanceIndex(ChangeFeed(), settings.search_max_words)
    readiness.on_draining(index.feed.close)
    counts = CachedCounts(index)
    observe(counts.current, index.age_seconds)
    observe_peer_waits(index.waits_for_peers)
    observe_torn(lambda: len(management.torn.ids()))
    reader = EntryReader(catalogue, management, index.get)
    poller = Poller(client, reader, index, _pace(settings), EndedInstances(catalogue).count)
    await stack.enter_async_context(poller.running(supervisor))
    trace_contexts = TraceContexts(management.get_workflow_history)
    starts = StartRecords(store, _record_times(settings))
    eternal = {d.name for d in catalogue.definitions if d.eternal_input is not None}
    renewal = RecordRenewal(starts, partial(index.lasting, eternal), settings.ids_outlive)
    await stack.enter_async_context(supervisor.running("start-records", renewal.run))
    redis = redis_client(storage_settings)
    if redis is not None:
        stack.push_async_callback(redis.aclose)
    guard = await open_store_guard(stack, storage_settings, redis, supervisor)
    engine = Engine(
        client,
        management,
        settings.start_timeout_seconds,
        trace_contexts,
        starts,
        poller,
        guard.admit,
        ActiveLimits(catalogue, workflow_settings, index.all_counts, index.get),
    )
    dapr_jobs = DaprJobs(
        await stack.enter_async_context(dapr_client(settings)), channel, settings.dapr_api_token
    )
    scheduler, schedule_reconciler = open_schedules(catalogue, settings, store, engine, dapr_jobs)
    observe_schedules(schedule_reconciler.late_seconds)
    await stack.enter_async_context(schedule_reconciler.running(supervisor))
    jobs.fire = scheduler.fire
    records = ExpiringStore(store, settings.records_kept)
    audit = Audit(store, timedelta(days=settings.audit_kept_days))
    await stack.enter_async_context(supervisor.running("audit-results", audit.write_late))
    reconciler = None
    reconciler_settings = ReconcilerSettings()
    if settings.host_workflows and reconciler_settings.reconcile_instances:
        reconciler = open_reconciler(
            catalogue,
            reconciler_settings,
            index,
            engine,
            management,
            audit,
            activities,
            _reminders(catalogue, http, workflow_settings),
            blocked_by(sidecar.why_no_worker, dapr_jobs),
        )
        no_progress = reconciler.no_progress
        observe_progress(lambda: no_progress().counts())
        await stack.enter_async_context(reconciler.running(supervisor))
    rerun_links, instances = RerunLinks(records), Instances(management)
    peers = PeerHealth(http)
    inspector = Inspector(
        catalogue,
        management,
        starts,
        rerun_links,
        sidecar.why_no_worker,
        peers.away,
        settings.jaeger_url,
        reconciler.lost_reminder if reconciler else lambda _: None,
    )
    operations = Operations(
        client,
        management,
        audit,
        starts,
        Reruns(catalogue, engine, client, instances, rerun_links, guard.admit),
        Purge(client, instances, starts, rerun_links, index.note_end),
        poller.refresh,
    )
    if settings.host_workflows:
        times = _retention_times(settings)
        retention = Retention(index, management, client, poller.refresh, times)
        await stack.enter_async_context(supervisor.running("retention", retention.run))
    events = Events(engine, AcceptedEvents(records), trace_contexts)
    return Orchestrator(
        settings=settings,
        workflow_settings=workflow_settings,
        engine=engine,
        events=events,
        management=management,
        operations=operations,
        bulk=BulkOperations(catalogue, index, operations, audit),
        torn=TornInstances(
            catalogue,
            workflow_settings,
            records,
            EngineKeys(redis) if redis is not None else None,
            management,
            AssignerClient(http),
            starts,
            audit,
            poller.refresh,
        ),
        inbox=Inbox(catalogue, index, poller, engine, events, Claims(records), audit),
        audit=audit,
        inspector=inspector,
        live_view=LiveView(inspector.revision, inspector.detail, lambda: readiness.draining),
        store=store,
        sidecar=http,
        peers=peers,
        index=index,
        poller=poller,
        counts=counts,
        scheduler=scheduler,
        no_progress=reconciler.no_progress if reconciler else None,
        streams=StreamSlots(settings.max_streams),
        store_guard=guard,
        rate_limits=RateLimits(settings.starts_per_minute, settings.uploads_per_minute),
    )


def _reminders(
    catalogue: Catalogue, http: AsyncClient, settings: SettingsRegistry
) -> dict[str, ActorReminders]:
    return {
        workflow.definition.name: workflow.reminders(http, settings)
        for workflow in catalogue.workflows
        if workflow.reminders is not None
    }


def _record_times(settings: Settings) -> RecordTimes:
    return RecordTimes(
        keep=timedelta(days=settings.start_record_days),
        repeat_within=timedelta(hours=settings.start_repeat_hours),
    )


def _retention_times(settings: Settings) -> RetentionTimes:
    return RetentionTimes(
        completed=timedelta(days=settings.completed_kept_days),
        others=timedelta(days=settings.failed_kept_days),
        between_sweeps=timedelta(seconds=settings.retention_sweep_seconds),
    )


def _pace(settings: Settings) -> PollPace:
    return PollPace(
        list_seconds=settings.index_look_seconds,
        poll_seconds=settings.index_round_seconds,
        reads_per_poll=settings.index_reads_per_round,
        concurrency=settings.index_concurrency,
        page_concurrency=settings.index_page_concurrency,
        page_reads=settings.index_page_reads,
        list_timeout=settings.index_list_timeout_seconds,
        read_timeout=settings.read_timeout_seconds,
    )


def _dependencies(settings: Settings, workflow_settings: SettingsRegistry) -> ActivityDependencies:
    """Return what activities use: connections of the worker's event loop, which end with it."""
    http = sidecar_client(settings, settings.peer_timeout_seconds)
    return ActivityDependencies(
        settings=settings,
        workflow_settings=workflow_settings,
        assigner=AssignerClient(http),
        notifier=NotifierClient(http),
        store=ExpiringStore(lazy_state_store(settings), settings.records_kept),
        sidecar=http,
        web=outside_client(settings.web_timeout_seconds),
    )
