"""Deliberate breaks that the suite must notice: `python -m support.fault_suite.broken BREAK`.

Each runs a service whose code is today's but for one promise. They are here, and not a switch of
the services, so that nobody can break a running system by a setting.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import assigner.main
import notifier.main
from assigner.ledger import Ledger as Assignments
from notifier.delivery import Delivery
from orchestrator.engine.start_records import StartRecord, StartRecords
from orchestrator.main import main as run_orchestrator
from orchestrator.toolkit.accepted_events import AcceptedEvent, AcceptedEvents
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.ledger import Ledger
from orchestrator.toolkit.ledger_records import Movement
from orchestrator.toolkit.peers.assigner import AssignerClient
from orchestrator.workflows.registrations import WORKFLOWS
from support.fault_suite.trials import REMOVED, REPEATED, WIPED, Trial
from support.programs.orchestrator import PROGRAM


def replace(owner: type, name: str, method: Callable[..., Any]) -> None:
    """Replace a method of a class."""
    setattr(owner, name, method)


def assigner_without_idempotency() -> None:
    """A repeated request makes another assignment."""
    assign = Assignments.assign

    async def again(self: Any, key: str, request: Any) -> Any:
        known = (await self._records.assignment(key)).value
        return await assign(self, key if known is None else f"{key}:again", request)

    replace(Assignments, "assign", again)


def notifier_without_idempotency() -> None:
    """A repeated request delivers another message."""
    notify = Delivery.notify

    async def again(self: Any, key: str, request: Any) -> Any:
        known = (await self._records.notification(key)).value
        return await notify(self, key if known is None else f"{key}:again", request)

    replace(Delivery, "notify", again)


def ledger_without_idempotency() -> None:
    """A repeated payment takes the money again."""
    take = Ledger.take

    async def again(self: Any, key: str, account: str, amount: int) -> Any:
        known = (await self._store.get(self._movement_key(key), Movement)).value
        return await take(self, key if known is None else f"{key}:again", account, amount)

    replace(Ledger, "take", again)


def decision_taken_twice() -> None:
    """Each decision is accepted, whatever was decided before."""

    async def accept_any(
        self: Any, instance: str, key: str, payload: Any, by: str | None = None
    ) -> Any:
        return AcceptedEvent(payload=payload, by=by), True

    replace(AcceptedEvents, "accept_once", accept_any)


def compensation_skipped() -> None:
    """A compensation of the ledger says that it is done, and does nothing."""

    async def nothing_compensated(self: Any, key: str) -> int:
        return 0

    replace(Ledger, "compensate", nothing_compensated)


def release_skipped() -> None:
    """An assignment is not released."""

    async def nothing_released(self: Any, key: str) -> None:
        return None

    replace(AssignerClient, "release", nothing_released)


def start_record_not_written() -> None:
    """A start is accepted, and no record of it is made."""

    async def claimed(self: Any, instance: str, record: StartRecord) -> tuple[StartRecord, bool]:
        return record, True

    async def marked(self: Any, instance: str, truth: StartRecord) -> StartRecord:
        return truth.model_copy(update={"begun": True})

    replace(StartRecords, "claim", claimed)
    replace(StartRecords, "mark_begun", marked)


def reconciler_off() -> None:
    """Nobody looks for what makes no progress."""
    os.environ["RECONCILE_INSTANCES"] = "false"


def orchestrator_with_programs() -> None:
    """Run the orchestrator as the suite does."""
    run_orchestrator(Catalogue([*WORKFLOWS, PROGRAM]))


@dataclass(frozen=True)
class Break:
    """A promise that is not kept.

    Args:
        service: The service that it is in.
        apply: Breaks it, before the service runs.
        trial: The run that must show it.
    """

    service: str
    apply: Callable[[], None]
    trial: Trial = REPEATED


BREAKS = {
    "idempotency off in the assigner": Break("assigner", assigner_without_idempotency),
    "idempotency off in the notifier": Break("notifier", notifier_without_idempotency),
    "idempotency off in the ledger": Break("orchestrator", ledger_without_idempotency),
    "decision taken twice": Break("orchestrator", decision_taken_twice),
    "compensation skipped": Break("orchestrator", compensation_skipped),
    "release skipped": Break("orchestrator", release_skipped),
    "start record not written": Break("orchestrator", start_record_not_written, REMOVED),
    "reconciler off, scheduler wiped": Break("orchestrator", reconciler_off, WIPED),
}
RUN = {
    "assigner": assigner.main.main,
    "notifier": notifier.main.main,
    "orchestrator": orchestrator_with_programs,
}


def commands(name: str) -> dict[str, list[str]]:
    """Return the command of the service that a break is in, for `StackOptions.commands`."""
    path = f"PYTHONPATH={Path(__file__).parents[2]}"
    module = ["-m", "support.fault_suite.broken", name]
    return {BREAKS[name].service: ["env", path, sys.executable, *module]}


if __name__ == "__main__":
    BREAK = BREAKS[sys.argv[1]]
    BREAK.apply()
    RUN[BREAK.service]()
