"""What an instance waits for, by its history and its actor."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext
from unit_support.asking import Question, asking
from unit_support.entries import START, entry, index_of
from unit_support.history import happened

from orchestrator.engine.replay_executor import registry_of
from orchestrator.reconciliation.progress import LateKind, Outlook
from orchestrator.reconciliation.reader import OutlookReader
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.telemetry.running_activities import RunningActivities
from orchestrator.toolkit.actor_reminders import DueReminder
from orchestrator.visibility.entry import Entry

STARTED = [
    happened(0, workflowStarted={}),
    happened(0, executionStarted={"name": "ask_workflow", "input": '{"question_id": "1"}'}),
]
SCHEDULED = happened(0, 1, taskScheduled={"name": "look"})
LOOKED = [happened(1, workflowStarted={}), happened(1, taskCompleted={"taskScheduledId": 1})]


def looking(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
    yield ctx.call_activity("look")
    yield ctx.call_activity("leave")


class Known:
    """A history, and a reminder."""

    def __init__(self, history: list[Any], due: DueReminder | None = None) -> None:
        self._history, self._due = history, due
        self.running = RunningActivities()

    async def get_workflow_history(self, instance_id: str) -> list[Any]:
        return self._history

    async def due(self, instance_id: str) -> DueReminder | None:
        return self._due

    async def rearm(self, instance_id: str) -> None:
        raise NotImplementedError

    async def read(self, seconds: float = 100, one: Entry | None = None) -> Outlook:
        reader = OutlookReader(
            registry_of([asking(looking)]),
            self,
            index_of().get,
            self.running,
            {"order": self},
            timedelta(seconds=10),
        )
        return await reader.read(one or entry("ask-1"), START + timedelta(seconds=seconds))


def kinds(outlook: Outlook) -> list[LateKind]:
    return [late.kind for late in outlook.late]


async def test_an_instance_without_a_turn_is_pending() -> None:
    assert kinds(await Known([]).read()) == [LateKind.PENDING]
    assert kinds(await Known([happened(0, eventRaised={"name": "e"})]).read()) == [LateKind.PENDING]


async def test_a_stalled_one_is_not_read() -> None:
    stalled = entry("ask-1", status=RuntimeStatus.STALLED)
    assert kinds(await Known([]).read(one=stalled)) == [LateKind.STALLED]


async def test_an_activity_that_runs_in_this_process_is_not_late() -> None:
    known = Known([*STARTED, SCHEDULED])
    with known.running.running("ask-1", 1), known.running.running("ask-1", 1):
        assert kinds(await known.read()) == []
    assert kinds(await known.read()) == [LateKind.ACTIVITY]


async def test_a_result_that_no_turn_has_seen_is_a_missing_turn() -> None:
    assert kinds(await Known([*STARTED, SCHEDULED, *LOOKED]).read()) == [LateKind.TURN]
    left = happened(1, 2, taskScheduled={"name": "leave"})
    assert kinds(await Known([*STARTED, SCHEDULED, *LOOKED, left]).read(15)) == []


async def test_code_that_cannot_replay_says_nothing_of_turns() -> None:
    other = happened(0, 1, taskScheduled={"name": "another"})
    assert kinds(await Known([*STARTED, other, *LOOKED]).read()) == []


async def test_a_reminder_is_late_where_the_scheduler_does_not_have_it() -> None:
    due = START + timedelta(seconds=50)
    history = [*STARTED, SCHEDULED, *LOOKED, happened(99, 2, taskScheduled={"name": "leave"})]
    assert kinds(await Known(history, DueReminder(due, lost=True)).read()) == [LateKind.REMINDER]
    kept = await Known(history, DueReminder(due, lost=False)).read()
    assert (kinds(kept), kept.wake_up_at) == ([], due)
    assert kinds(await Known(history, DueReminder(due, lost=True)).read(59)) == []
