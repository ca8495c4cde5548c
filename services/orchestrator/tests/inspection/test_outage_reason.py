"""Why an instance waits, where a peer is away: which, since when, and when it is tried next."""

from datetime import timedelta

from unit_support.history import BEGIN

from orchestrator.engine.replay_executor import registry_of
from orchestrator.inspection.pending_tasks import pending_tasks
from orchestrator.inspection.timeline import Timeline
from orchestrator.inspection.waiting_reasons import WaitContext, waiting_reasons
from orchestrator.schemas.detail import ReasonKind, WaitingReason
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import Run, execute
from orchestrator.testing.stubs import failing
from orchestrator.toolkit.messages import ASSIGN_TASK, AssignTask
from orchestrator.toolkit.peer_errors import PeerUnavailable, PeerUnreachable
from orchestrator.workflows.task.models import VALIDATE_TASK, TaskRequest
from orchestrator.workflows.task.workflow import DEFINITION


def away(_: AssignTask) -> None:
    raise PeerUnreachable("assigner", "ConnectError")


def task(seconds: float, **stubs: object) -> Run:
    request = TaskRequest(task_id="1", title="Paint", assignee="ada")
    activities = {VALIDATE_TASK: lambda _: {"rejection": None}, ASSIGN_TASK: away, **stubs}
    return execute(DEFINITION, request, activities, until=timedelta(seconds=seconds))  # type: ignore[arg-type]


def why(run: Run) -> WaitingReason:
    found = waiting_reasons(
        WaitContext(
            status=RuntimeStatus.RUNNING,
            timeline=Timeline(run.history),
            pending_tasks=pending_tasks(registry_of([DEFINITION]), run.instance_id, run.history),
            progress={child.instance_id: child.progress[-1] for child in run.children},
            last_updated_at=BEGIN,
            now=BEGIN,
        )
    )
    assert len(found) == 1
    return found[0]


def test_between_the_first_attempts_it_is_named() -> None:
    reason = why(task(0.5))
    assert reason.kind is ReasonKind.OUTAGE
    assert reason.text == (
        "waiting for the assigner: unreachable since 2026-01-01T00:00:00Z, next attempt at "
        "2026-01-01T00:00:01Z, attempt 2, last error: assigner unreachable: ConnectError"
    )
    assert (reason.name, reason.attempt) == (ASSIGN_TASK, 2)
    assert (reason.since, reason.until) == (BEGIN, BEGIN + timedelta(seconds=1))


def test_while_it_is_waited_for_it_is_named() -> None:
    run = task(60)
    reason = why(run)
    assert reason.kind is ReasonKind.OUTAGE
    assert reason.text == (
        "waiting for the assigner: unreachable since 2026-01-01T00:00:00Z, next attempt at "
        "2026-01-01T00:01:03Z, attempt 7, last error: assigner unreachable: ConnectError"
    )
    assert (reason.name, reason.attempt) == (ASSIGN_TASK, 7)
    assert (reason.since, reason.until) == (BEGIN, BEGIN + timedelta(seconds=63))
    assert reason.instance_id == run.children[0].instance_id


def test_an_error_of_the_peers_own_is_none() -> None:
    broken = failing(PeerUnavailable, "assigner answered 500: a bug")
    assert why(task(0.5, **{ASSIGN_TASK: broken})).kind is ReasonKind.RETRY
