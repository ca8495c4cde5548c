"""Reads what an instance waits for."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from orchestrator.dapr_sdk.private import Registry
from orchestrator.inspection.pending_tasks import CannotReplay, CodeIsAhead, pending_tasks
from orchestrator.reconciliation.progress import (
    Late,
    LateKind,
    Outlook,
    Surroundings,
    outlook_of,
)
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.telemetry.running_activities import RunningActivities
from orchestrator.toolkit.actor_reminders import ActorReminders
from orchestrator.visibility.entry import Entry

log = structlog.get_logger(__name__)


class Histories(Protocol):
    """The part of Management that reads histories."""

    async def get_workflow_history(self, instance_id: str) -> list[Any]:
        """Return the events of an instance."""


class OutlookReader:
    """Reads what instances wait for."""

    def __init__(
        self,
        registry: Registry,
        histories: Histories,
        known: Callable[[str], Entry | None],
        running: RunningActivities,
        reminders: Mapping[str, ActorReminders],
        after: timedelta,
    ) -> None:
        """Prepare to read.

        Args:
            registry: The hosted workflows.
            histories: The engine.
            known: Returns what the index has of an instance.
            running: Which activities run in this process.
            reminders: Those of the workflows that have actors, by the workflow's short name.
            after: How late something is before it counts as lost.
        """
        self._registry = registry
        self._histories = histories
        self._known = known
        self._running = running
        self._reminders = reminders
        self._after = after

    async def read(self, entry: Entry, now: datetime) -> Outlook:
        """Return what an instance waits for.

        Args:
            entry: The instance, as the index has it: pending, running or stalled.
            now: The current time.

        Raises:
            AioRpcError: The engine does not answer, or the instance is torn.
        """
        if entry.status is RuntimeStatus.STALLED:
            return _waiting_since(LateKind.STALLED, entry, "code that can run it")
        history = await self._histories.get_workflow_history(entry.instance_id)
        if not any(event.HasField("executionStarted") for event in history):
            return _waiting_since(LateKind.PENDING, entry, "its first turn")
        # In a thread: a long history would block the requests.
        outlook = await asyncio.to_thread(self._outlook, entry.instance_id, history, now)
        return await self._with_reminders(entry, outlook, now)

    def _outlook(self, instance_id: str, history: Sequence[Any], now: datetime) -> Outlook:
        around = Surroundings(
            now=now,
            after=self._after,
            runs_here=lambda event_id: self._running.has(instance_id, event_id),
            child_ended=self._ended,
            code_is_ahead=self._code_is_ahead(instance_id, history),
        )
        return outlook_of(history, around)

    def _code_is_ahead(self, instance_id: str, history: Sequence[Any]) -> bool:
        try:
            pending_tasks(self._registry, instance_id, history)
        except CodeIsAhead:
            return True
        except CannotReplay as error:
            log.debug("history not replayed", instance_id=instance_id, error=str(error))
        return False

    def _ended(self, instance_id: str) -> bool:
        entry = self._known(instance_id)
        return entry is not None and entry.terminal

    async def _with_reminders(self, entry: Entry, outlook: Outlook, now: datetime) -> Outlook:
        reminders = self._reminders.get(entry.workflow)
        due = await reminders.due(entry.instance_id) if reminders else None
        if due is None:
            return outlook
        late = outlook.late
        if due.lost and due.at <= now - self._after:
            late = (*late, Late(LateKind.REMINDER, due.at, "a reminder of its actor"))
        times = [due.at + self._after, outlook.look_again_at]
        return Outlook(
            late=late,
            lost=outlook.lost,
            wake_up_at=min(filter(None, [due.at, outlook.wake_up_at])),
            look_again_at=max(min(filter(None, times)), now + self._after / 2),
        )


def _waiting_since(kind: LateKind, entry: Entry, what: str) -> Outlook:
    return Outlook(late=(Late(kind, entry.last_updated_at, what),))
