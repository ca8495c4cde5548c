"""Opens the reconciler at the start of the service."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from orchestrator.dapr_sdk.management import Management
from orchestrator.engine.client import Engine
from orchestrator.engine.replay_executor import registry_of
from orchestrator.operations.audit import Audit
from orchestrator.reconciliation.reader import OutlookReader
from orchestrator.reconciliation.reconciler import Reconciler
from orchestrator.reconciliation.repairs import Repairs
from orchestrator.reconciliation.settings import ReconcilerSettings
from orchestrator.telemetry.running_activities import RunningActivities
from orchestrator.toolkit.actor_reminders import ActorReminders
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import workflow_of
from orchestrator.visibility.index import InstanceIndex
from servicekit.problems import ProblemError

Reason = Callable[[], Awaitable[str | None]]


class Scheduler(Protocol):
    """A read of Dapr's scheduler."""

    async def armed(self) -> object:
        """Return its jobs."""


def open_reconciler(
    catalogue: Catalogue,
    settings: ReconcilerSettings,
    index: InstanceIndex,
    engine: Engine,
    management: Management,
    audit: Audit,
    running: RunningActivities,
    reminders: Mapping[str, ActorReminders],
    blocked: Reason,
) -> Reconciler:
    """Return the reconciler of instances.

    Args:
        catalogue: The hosted workflows.
        settings: When and how often it repairs.
        index: The list of all instances.
        engine: Wakes instances.
        management: Reads their histories.
        audit: Gets an entry for each round of repairs.
        running: Which activities run in this process.
        reminders: Those of the workflows that have actors, by the workflow's short name.
        blocked: Returns why nothing can make progress now, if so.
    """
    outlooks = OutlookReader(
        registry_of(catalogue.definitions),
        management,
        index.get,
        running,
        reminders,
        timedelta(seconds=settings.reconcile_after_seconds),
    )
    repairs = Repairs(engine, audit, lambda name: reminders.get(workflow_of(name)))
    return Reconciler(index, outlooks, repairs, blocked, settings, lambda: datetime.now(UTC))


def blocked_by(why_no_worker: Reason, scheduler: Scheduler) -> Reason:
    """Return what says why no instance can make progress: no worker, or no scheduler."""

    async def blocked() -> str | None:
        if reason := await why_no_worker():
            return reason
        try:
            await scheduler.armed()
        except ProblemError as error:
            return error.detail
        return None

    return blocked
