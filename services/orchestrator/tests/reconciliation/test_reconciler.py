"""Instances that make no progress are found, and woken with growing pauses."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from unit_support.entries import START, entry, index_of

from contracts.problems import ProblemType
from orchestrator.engine.client import WakeUp
from orchestrator.operations.audit import Audit
from orchestrator.reconciliation.progress import Late, LateKind, Outlook
from orchestrator.reconciliation.reconciler import Reconciler
from orchestrator.reconciliation.repairs import Repairs
from orchestrator.reconciliation.settings import ReconcilerSettings
from orchestrator.reconciliation.system_check import progress_check
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.toolkit.actor_reminders import DueReminder, LostReminder
from orchestrator.visibility.entry import Entry
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore

FINE = Outlook()


def late(kind: LateKind = LateKind.TIMER, since: datetime = START) -> Outlook:
    lost = WakeUp(timers=[3]) if kind is LateKind.TIMER else WakeUp()
    return Outlook(late=(Late(kind, since, "a timer"),), lost=lost, wake_up_at=since)


class Engine:
    """Has instances that wait, and notes what it is asked for."""

    def __init__(self) -> None:
        self.outlooks: dict[str, Outlook] = {}
        self.reads: Counter[str] = Counter()
        self.woken: list[tuple[str, list[int]]] = []
        self.rearmed: list[str] = []
        self.refuses = False
        self.unreadable: set[str] = set()
        self.blocked: str | None = None

    async def read(self, one: Entry, now: datetime) -> Outlook:
        self.reads[one.instance_id] += 1
        if one.instance_id in self.unreadable:
            raise AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata())
        return self.outlooks.get(one.instance_id, FINE)

    async def wake_up(self, instance_id: str, lost: WakeUp | None = None) -> None:
        if self.refuses:
            raise ProblemError(ProblemType.UNAVAILABLE, "away", retry_after=1)
        self.woken.append((instance_id, lost.timers if lost else []))

    async def due(self, instance_id: str) -> DueReminder | None:
        return None

    async def rearm(self, instance_id: str) -> None:
        self.rearmed.append(instance_id)

    async def why_blocked(self) -> str | None:
        return self.blocked


class Rounds:
    """A reconciler whose clock is set."""

    def __init__(self, *known: Entry, **settings: Any) -> None:
        self.engine, self.index = Engine(), index_of(*known)
        self.seconds = 0.0
        self.store = MemoryStateStore()
        self.audit = Audit(self.store)
        self.reconciler = Reconciler(
            self.index,
            self.engine,
            Repairs(self.engine, self.audit, lambda _: self.engine),
            self.engine.why_blocked,
            ReconcilerSettings(**settings),
            lambda: START + timedelta(seconds=self.seconds),
        )

    async def until(self, seconds: float, step: float = 5.0) -> None:
        while self.seconds < seconds:
            self.seconds += step
            await self.reconciler.reconcile()

    @property
    def late(self) -> dict[str, int]:
        return dict(self.reconciler.no_progress().by_kind)


async def test_what_is_late_is_woken_and_counts_until_it_makes_progress() -> None:
    rounds = Rounds(entry("lost"), entry("fine"))
    rounds.engine.outlooks["lost"] = late()
    await rounds.until(20)
    assert rounds.engine.woken == [("lost", [3])]
    assert rounds.late == {"timer": 1}
    rounds.engine.outlooks["lost"] = FINE
    await rounds.until(30)
    assert rounds.late == {}
    assert rounds.engine.woken == [("lost", [3])]


async def test_what_stays_late_is_woken_with_growing_pauses_and_not_forever() -> None:
    rounds = Rounds(entry("lost"), reconcile_tries=3)
    rounds.engine.outlooks["lost"] = late()
    at = []
    while rounds.seconds < 600:
        before = len(rounds.engine.woken)
        await rounds.until(rounds.seconds + 5)
        at += [rounds.seconds] * (len(rounds.engine.woken) - before)
    assert [later - first for first, later in pairwise(at)] == [10, 20]
    # It counts all the same: an operator has to see to it.
    assert rounds.late == {"timer": 1}


async def test_what_changes_by_itself_is_not_read() -> None:
    rounds = Rounds(entry("busy"))
    for _ in range(10):
        await rounds.until(rounds.seconds + 5)
        now = START + timedelta(seconds=rounds.seconds)
        rounds.index.put(entry("busy", last_updated_at=now))
    assert rounds.engine.reads["busy"] == 0


async def test_what_waits_for_nothing_in_time_is_read_once_a_change() -> None:
    rounds = Rounds(entry("waits"))
    await rounds.until(600)
    assert rounds.engine.reads["waits"] == 1
    rounds.index.put(entry("waits", last_updated_at=START + timedelta(seconds=600)))
    await rounds.until(900)
    assert rounds.engine.reads["waits"] == 2


@pytest.mark.parametrize(
    "status", [RuntimeStatus.SUSPENDED, RuntimeStatus.COMPLETED, RuntimeStatus.FAILED]
)
async def test_what_is_paused_or_ended_is_left_alone(status: RuntimeStatus) -> None:
    rounds = Rounds(entry("one", status=status))
    rounds.engine.outlooks["one"] = late()
    await rounds.until(100)
    assert (rounds.engine.woken, rounds.late) == ([], {})


async def test_what_is_stalled_counts_and_takes_no_event() -> None:
    rounds = Rounds(entry("one", status=RuntimeStatus.STALLED))
    rounds.engine.outlooks["one"] = late(LateKind.STALLED)
    await rounds.until(100)
    assert (rounds.engine.woken, rounds.late) == ([], {"stalled": 1})


async def test_nothing_is_woken_until_all_that_it_needs_was_there_for_a_while() -> None:
    rounds = Rounds(entry("lost"))
    rounds.engine.outlooks["lost"] = late()
    rounds.engine.blocked = "no worker"
    await rounds.until(100)
    rounds.engine.blocked = None
    await rounds.until(110)
    assert rounds.engine.woken == []
    await rounds.until(115)
    assert [name for name, _ in rounds.engine.woken] == ["lost"]


async def test_a_round_wakes_what_is_late_the_longest() -> None:
    names = [f"task-{n}" for n in range(5)]
    rounds = Rounds(*(entry(name) for name in names), reconcile_repairs=2)
    for number, name in enumerate(names):
        since = START - timedelta(seconds=number)
        rounds.engine.outlooks[name] = late(since=since)
    await rounds.until(15)
    assert [name for name, _ in rounds.engine.woken] == ["task-4", "task-3"]


async def test_a_round_reads_what_is_overdue_first() -> None:
    overdue = entry("overdue", wake_up_at=START - timedelta(hours=1))
    rounds = Rounds(entry("a"), entry("b"), overdue, reconcile_reads=1)
    await rounds.until(10)
    assert rounds.engine.reads == {"overdue": 1}


async def test_a_reminder_is_registered_by_its_actor() -> None:
    rounds = Rounds(entry("tracked-1"))
    rounds.engine.outlooks["tracked-1"] = late(LateKind.REMINDER)
    await rounds.until(20)
    assert (rounds.engine.rearmed, rounds.engine.woken) == (["tracked-1"], [])


async def test_a_lost_reminder_is_known_until_the_instance_ends() -> None:
    rounds = Rounds(entry("tracked-1"))
    assert rounds.reconciler.lost_reminder("tracked-1") is None
    rounds.engine.outlooks["tracked-1"] = late(LateKind.REMINDER)
    rounds.engine.blocked = "no scheduler"
    await rounds.until(20)
    assert rounds.reconciler.lost_reminder("tracked-1") is None
    rounds.engine.blocked = None
    await rounds.until(25)
    assert rounds.reconciler.lost_reminder("tracked-1") == LostReminder(START)
    await rounds.until(40)
    registered = rounds.reconciler.lost_reminder("tracked-1")
    assert registered is not None
    assert registered.registered_at is not None
    rounds.engine.outlooks["tracked-1"] = FINE
    await rounds.until(60)
    assert rounds.reconciler.lost_reminder("tracked-1") == registered
    later = START + timedelta(seconds=60)
    rounds.engine.outlooks["tracked-1"] = late(LateKind.REMINDER, later)
    rounds.index.put(replace(entry("tracked-1"), last_updated_at=later))
    await rounds.until(75)
    found = rounds.reconciler.lost_reminder("tracked-1")
    assert found is not None
    assert found.due == later


async def test_a_wake_up_that_fails_is_tried_again_at_the_next_round() -> None:
    rounds = Rounds(entry("lost"))
    rounds.engine.outlooks["lost"] = late()
    rounds.engine.refuses = True
    await rounds.until(30)
    rounds.engine.refuses = False
    await rounds.until(35)
    assert [name for name, _ in rounds.engine.woken] == ["lost"]


async def test_an_instance_that_cannot_be_read_keeps_no_other_from_being_woken() -> None:
    rounds = Rounds(entry("lost"), entry("unreadable"))
    rounds.engine.outlooks["lost"] = late()
    rounds.engine.unreadable = {"unreadable"}
    await rounds.until(20)
    assert [name for name, _ in rounds.engine.woken] == ["lost"]


async def test_a_round_is_one_entry_of_the_audit_trail() -> None:
    rounds = Rounds(entry("a"), entry("b"))
    rounds.engine.outlooks = {"a": late(), "b": late()}
    await rounds.until(15)
    [recorded] = (await rounds.audit.page(None, 10)).items
    assert (recorded.by, recorded.action, recorded.target) == ("reconciler", "wake", "2 instances")
    assert recorded.details["woken"] == ["a", "b"]


async def test_the_doctor_says_what_is_late() -> None:
    rounds = Rounds(entry("lost"), entry("fine"))
    assert progress_check(rounds.reconciler.no_progress()).ok
    rounds.engine.outlooks["lost"] = late()
    await rounds.until(20)
    check = progress_check(rounds.reconciler.no_progress())
    assert not check.ok
    assert "1 timer; the longest lost: a timer, since 2026-01-01T00:00:00Z" in check.detail
    assert progress_check(None).ok


async def test_the_list_counts_it_as_overdue_until_it_changes() -> None:
    rounds = Rounds(entry("lost"))
    rounds.engine.outlooks["lost"] = late()
    await rounds.until(15)
    now = START + timedelta(seconds=15)
    known = rounds.index.get("lost")
    assert known is not None
    assert known.overdue(now)
    rounds.index.put(replace(known, wake_up_at=None, step="as it is read again"))
    assert rounds.index.all_counts().overdue == 1
    rounds.index.put(replace(known, wake_up_at=None, last_updated_at=now))
    assert rounds.index.all_counts().overdue == 0
