"""Opens the schedules at the start of the service."""

from datetime import timedelta

from orchestrator.engine.client import Engine
from orchestrator.scheduling.armed_jobs import ArmedJobs, Jobs
from orchestrator.scheduling.clock import Clock, utc_now
from orchestrator.scheduling.firing import Firing
from orchestrator.scheduling.reconciler import Reconciler
from orchestrator.scheduling.scheduler import Scheduler
from orchestrator.scheduling.store import ScheduleStore
from orchestrator.settings import Settings
from orchestrator.toolkit.catalogue import Catalogue
from servicekit.state import StateStore


def open_schedules(
    catalogue: Catalogue,
    settings: Settings,
    store: StateStore,
    engine: Engine,
    jobs: Jobs,
    now: Clock = utc_now,
) -> tuple[Scheduler, Reconciler]:
    """Return the schedules, and what keeps their jobs.

    Args:
        catalogue: The hosted workflows.
        settings: The limits.
        store: Keeps the schedules.
        engine: Starts the instances.
        jobs: Dapr's scheduler.
        now: Returns the time in UTC.
    """
    schedules = ScheduleStore(store, settings.max_schedules, settings.schedule_page_bytes)
    armed = ArmedJobs(jobs, timedelta(seconds=settings.schedule_job_margin_seconds), now)
    firing = Firing(catalogue, schedules, engine, armed, settings.schedule_start_tries, now)
    shortest = timedelta(seconds=settings.schedule_min_interval_seconds)
    scheduler = Scheduler(catalogue, schedules, firing, armed, shortest, now)
    reconciler = Reconciler(schedules, scheduler, armed, settings.schedule_reconcile_seconds, now)
    return scheduler, reconciler
