"""Wakes instances, and records that: in the audit trail, the log and the metrics."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import structlog

from orchestrator.engine.client import WakeUp
from orchestrator.metrics import WOKEN
from orchestrator.operations.audit import Action, Audit
from orchestrator.reconciliation.progress import LateKind, Outlook
from orchestrator.toolkit.actor_reminders import ActorReminders
from orchestrator.toolkit.peer_errors import PeerUnavailable
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

log = structlog.get_logger(__name__)

BY = "reconciler"
ACTION = "wake"
REASON = "its wake-up is late: the scheduler seems to have lost it"


class Wakes(Protocol):
    """The part of the engine that wakes an instance."""

    async def wake_up(self, instance_id: str, lost: WakeUp | None = None) -> None:
        """Have the engine run an instance, and create these wake-ups again."""


class Repairs:
    """Wakes instances."""

    def __init__(
        self,
        engine: Wakes,
        audit: Audit,
        reminders_of: Callable[[str], ActorReminders | None],
    ) -> None:
        """Prepare to wake.

        Args:
            engine: Wakes an instance.
            audit: Gets an entry for each round.
            reminders_of: Returns the reminders of the actors of an instance's workflow, if any.
        """
        self._engine = engine
        self._audit = audit
        self._reminders_of = reminders_of

    async def wake(self, late: Mapping[str, Outlook]) -> list[str]:
        """Wake instances; return those that were.

        A round is one entry of the audit trail: after the scheduler's data is lost there can be
        thousands of instances.

        Args:
            late: What they wait for, by their ids.
        """
        names = list(late)
        target = names[0] if len(names) == 1 else f"{len(names)} instances"
        action = Action(BY, ACTION, target, REASON)
        woken: list[str] = []
        try:
            async with self._audit.recording(action):
                for name, outlook in late.items():
                    if await self._wake(name, outlook):
                        woken.append(name)
                action.details["woken"] = woken
                action.details["late"] = _texts(late)
        except StoreUnavailable as error:
            # Nothing is done that is not recorded; the next round tries again.
            log.warning("no instance was woken", error=str(error))
        return woken

    def count_progress(self, kinds: Iterable[LateKind]) -> None:
        """Count an instance that was woken, and makes progress."""
        for kind in kinds:
            WOKEN.add(1, {"kind": kind, "outcome": "progressed"})

    async def _wake(self, instance_id: str, outlook: Outlook) -> bool:
        kinds = {late.kind for late in outlook.late}
        try:
            if LateKind.REMINDER in kinds and (reminders := self._reminders_of(instance_id)):
                await reminders.rearm(instance_id)
            if kinds - {LateKind.REMINDER}:
                await self._engine.wake_up(instance_id, outlook.lost)
        except (ProblemError, PeerUnavailable) as error:
            log.warning("instance not woken", instance_id=instance_id, error=str(error))
            outcome = "failed"
        else:
            late = min(outlook.late, key=lambda one: one.since)
            log.warning(
                "instance woken", instance_id=instance_id, late=late.what, since=str(late.since)
            )
            outcome = "requested"
        for kind in kinds:
            WOKEN.add(1, {"kind": kind, "outcome": outcome})
        return outcome == "requested"


def _texts(late: Mapping[str, Outlook]) -> list[str]:
    return [
        f"{name}: {one.what}, since {one.since:%Y-%m-%dT%H:%M:%SZ}"
        for name, outlook in late.items()
        for one in outlook.late
    ]
