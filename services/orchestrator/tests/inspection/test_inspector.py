"""Inspection of one instance over the engine's state and history."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from unit_support.catalogue import CATALOGUE
from unit_support.engine import instance_state
from unit_support.history import BEGIN, happened

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.start_records import StartRecords
from orchestrator.inspection.inspector import Inspector
from orchestrator.inspection.rerun_links import RerunLinks
from orchestrator.schemas.detail import ReasonKind
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import Run, execute
from orchestrator.workflows.hello.models import GREET, TRY_LUCK, HelloRequest
from orchestrator.workflows.hello.workflow import DEFINITION
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore

REQUEST = HelloRequest(hello_id="1", user_name="ada")
STUBS = {GREET: lambda _: "Hello", TRY_LUCK: lambda _: None}
CHILD = "hello-1:child-ada"


def state(
    instance_id: str = "hello-1", status: str = "RUNNING", name: str = DEFINITION.workflow_name
) -> InstanceState:
    return instance_state(
        instance_id=instance_id,
        name=name,
        status=status,
        request=REQUEST,
        lastUpdatedTimestamp="2026-01-01T00:00:01Z",
    )


class FakeManagement:
    """Has one history, and for each instance the states of successive reads; the last repeats."""

    def __init__(self, history: Sequence[Any], **states: list[InstanceState]) -> None:
        self.history = history
        ids = (name.replace("__", ":").replace("_", "-") for name in states)
        self.states = dict(zip(ids, states.values(), strict=True))

    async def get_workflow_state(self, instance_id: str, payloads: bool) -> InstanceState | None:
        answers = self.states.get(instance_id)
        if not answers:
            return None
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def get_workflow_history(self, _: str) -> Sequence[Any]:
        return self.history


def inspector(
    management: FakeManagement, no_worker: str | None = None, away: Sequence[str] = ()
) -> Inspector:
    async def why_no_worker() -> str | None:
        return no_worker

    async def peers_away(app_ids: Iterable[str]) -> Mapping[str, datetime]:
        return {app_id: BEGIN for app_id in app_ids if app_id in away}

    store = MemoryStateStore()
    engine: Any = management
    return Inspector(
        CATALOGUE, engine, StartRecords(store), RerunLinks(store), why_no_worker, peers_away, None
    )


def hello(until: timedelta | None = None) -> Run:
    return execute(DEFINITION, REQUEST, STUBS, until=until)


async def test_the_reasons_of_a_waiting_instance_come_from_the_current_code() -> None:
    management = FakeManagement(hello(timedelta(seconds=5)).history, hello_1=[state()])
    detail = await inspector(management).detail("hello-1")
    assert [reason.kind for reason in detail.why] == [ReasonKind.TIMER]
    assert detail.children == [CHILD]


async def test_the_status_of_a_pending_child_is_read() -> None:
    history = hello(timedelta(seconds=5)).history
    created = max(
        i for i, event in enumerate(history) if event.HasField("childWorkflowInstanceCreated")
    )
    management = FakeManagement(
        history[: created + 1], hello_1=[state()], hello_1__child_ada=[state(CHILD, "SUSPENDED")]
    )
    [reason] = (await inspector(management, None).detail("hello-1")).why
    assert "SUSPENDED" in reason.text
    assert reason.instance_id == CHILD


async def test_a_missing_worker_is_a_reason() -> None:
    management = FakeManagement([], hello_1=[state(status="PENDING")])
    [reason] = (await inspector(management, "nobody is here").detail("hello-1")).why
    assert reason.kind is ReasonKind.NO_WORKER
    assert reason.text.endswith(": nobody is here")


@pytest.mark.parametrize(
    ("activity", "away", "kind"),
    [
        ("send_notification", ["notifier"], ReasonKind.OUTAGE),
        ("notify_customer", ["notifier"], ReasonKind.OUTAGE),
        ("assign_task", ["notifier"], ReasonKind.ACTIVITY),
        ("assign_task", ["assigner"], ReasonKind.OUTAGE),
        ("try_luck", ["assigner", "notifier"], ReasonKind.ACTIVITY),
    ],
)
async def test_a_peer_that_is_away_is_named_from_the_first_attempt_on(
    activity: str, away: list[str], kind: ReasonKind
) -> None:
    history = [
        happened(0, workflowStarted={}),
        happened(0, executionStarted={"name": "a workflow of yesterday"}),
        happened(0, 1, taskScheduled={"name": activity, "taskExecutionId": "1"}),
    ]
    management = FakeManagement(history, hello_1=[state()])
    why = (await inspector(management, away=away).detail("hello-1")).why
    assert why[0].kind is kind
    if kind is ReasonKind.OUTAGE:
        assert why[0].text == (
            f"waiting for the {away[0]}: unreachable since 2026-01-01T00:00:00Z, attempt 1 at "
            "2026-01-01T00:00:00Z"
        )


async def test_a_history_that_the_code_does_not_replay_is_no_error() -> None:
    history = hello(timedelta(seconds=5)).history
    for event in history:
        if event.HasField("executionStarted"):
            event.executionStarted.name = "a workflow of yesterday"
    management = FakeManagement(history, hello_1=[state(name="a workflow of yesterday")])
    why = (await inspector(management).detail("hello-1")).why
    assert [reason.kind for reason in why] == [ReasonKind.TIMER, ReasonKind.CODE]


async def test_an_instance_that_ends_between_two_reads_has_ended() -> None:
    management = FakeManagement(hello().history, hello_1=[state(), state(status="COMPLETED")])
    detail = await inspector(management).detail("hello-1")
    assert (detail.status, detail.why) == (RuntimeStatus.COMPLETED, [])


async def test_the_history_has_steps_and_its_raw_form_all_events() -> None:
    run = hello()
    inspected = inspector(FakeManagement(run.history, hello_1=[state()]))
    assert len((await inspected.history("hello-1")).steps) == 4
    assert len(await inspected.raw("hello-1")) == len(run.history)


async def test_an_unknown_instance_is_not_found() -> None:
    inspected = inspector(FakeManagement([]))
    for read in (inspected.detail, inspected.history, inspected.raw, inspected.revision):
        with pytest.raises(ProblemError) as error:
            await read("nobody")
        assert error.value.type is ProblemType.NOT_FOUND
