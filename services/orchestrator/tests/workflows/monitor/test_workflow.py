"""The monitor's loop: pauses, alerts, generations and `stop`, in the test kit."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any

import pytest
from unit_support.engine import FakeChannel, found, instance_state, management, raw_state
from unit_support.untraced import NO_TRACE_CONTEXTS

from contracts.problems import ProblemType
from orchestrator.engine.client import Engine
from orchestrator.engine.event_delivery import Events
from orchestrator.engine.start_records import StartRecords
from orchestrator.schemas.workflows import Progress, RuntimeStatus
from orchestrator.testing.environment import Environment, Run, Send, execute
from orchestrator.testing.replay import replay
from orchestrator.toolkit.accepted_events import AcceptedEvents
from orchestrator.toolkit.messages import SEND_NOTIFICATION
from orchestrator.workflows.monitor.models import (
    CHECK_ADDRESS,
    STOP,
    CheckAddress,
    CheckedAddress,
    MonitorRequest,
    Stop,
)
from orchestrator.workflows.monitor.state import KEPT_RESULTS, Check
from orchestrator.workflows.monitor.workflow import DEFINITION
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore

REQUEST = MonitorRequest(monitor_id="1", url="http://example.com/", notify="alice@example.com")
PAYLOAD = {"reason": "Enough", "by": "bo"}
UP, DOWN = True, False


def run(
    checks: Iterable[bool],
    *,
    stop: float,
    lost: bool = False,
    again: float | None = None,
    failures: Iterable[bool] = (),
) -> Run:
    """Run a monitor over these results of checks, 60 s apart while up, and 5 s while down."""
    results, fails = chain(checks, repeat(UP)), chain(failures, repeat(False))

    def check_address(_: CheckAddress) -> CheckedAddress:
        ok = next(results)
        at = datetime(2026, 1, 1, tzinfo=UTC)
        check = Check(at=at, ok=ok, status=200 if ok else 503, milliseconds=7)
        return CheckedAddress(check=check, pause_seconds=60 if ok else 5)

    def send_notification(_: Any) -> dict[str, str]:
        if next(fails):
            raise RuntimeError("the notifier is down")
        return {"key": "k"}

    events = [Send(timedelta(seconds=stop), STOP.name, PAYLOAD, lost=lost)]
    if again is not None:
        events.append(Send(timedelta(seconds=again), STOP.name, PAYLOAD))
    stubs = {CHECK_ADDRESS: check_address, SEND_NOTIFICATION: send_notification}
    done = execute(DEFINITION, REQUEST, stubs, events=events)
    assert done.unreported() == []
    assert done.progress[-1].step == done.output["status"]
    return done


def times(done: Run) -> list[float]:
    return [call.at.total_seconds() for call in done.calls if call.name == CHECK_ADDRESS]


def alerts(done: Run) -> list[tuple[str, str]]:
    sent = done.inputs(SEND_NOTIFICATION)
    return [(message["key"], message["subject"]) for message in sent]


def test_a_healthy_address_is_checked_each_minute_without_an_alert() -> None:
    done = run([], stop=150)
    assert times(done) == [0, 60, 120]
    assert alerts(done) == []
    assert done.status is RuntimeStatus.COMPLETED
    assert done.output["status"] == "stopped"
    assert done.output["message"] == "Stopped by bo: Enough"
    # Each generation pauses, and then checks: the last one was stopped in its pause.
    assert done.output["state"]["generation"] == done.generations == 4


def test_an_unhealthy_address_is_checked_each_five_seconds() -> None:
    assert times(run([UP, DOWN, DOWN, UP], stop=100)) == [0, 60, 65, 70]


def test_each_change_is_alerted_once() -> None:
    done = run([UP, DOWN, DOWN, DOWN, UP, UP, DOWN, UP], stop=1000)
    assert alerts(done) == [
        ("monitor-1:change-1", "Monitor 1: down"),
        ("monitor-1:change-2", "Monitor 1: up again"),
        ("monitor-1:change-3", "Monitor 1: down"),
        ("monitor-1:change-4", "Monitor 1: up again"),
    ]
    assert done.output["state"]["changes"] == 4


def test_an_address_that_is_down_at_first_is_alerted() -> None:
    assert alerts(run([DOWN], stop=1)) == [("monitor-1:change-1", "Monitor 1: down")]


def test_a_failed_alert_is_sent_again_after_the_next_check_under_its_key() -> None:
    done = run([DOWN, DOWN, DOWN], failures=[True] * 3, stop=12)
    assert alerts(done) == [("monitor-1:change-1", "Monitor 1: down")] * 4
    bodies = {message["body"] for message in done.inputs(SEND_NOTIFICATION)}
    assert len(bodies) == 1
    messages = [progress.message for progress in done.progress]
    assert any("its alert failed: the notifier is down" in m for m in messages)
    assert done.output["state"]["alert_error"] is None


def test_an_overtaken_change_is_not_alerted() -> None:
    done = run([DOWN, UP], failures=[True] * 3, stop=100)
    assert [key for key, _ in alerts(done)] == ["monitor-1:change-1"] * 3 + ["monitor-1:change-2"]


def test_results_and_history_stay_bounded_over_many_generations() -> None:
    done = run([DOWN] * 50, stop=249)
    assert done.generations == 51
    assert len(done.output["state"]["results"]) == KEPT_RESULTS == 10
    assert len(done.history) < 12
    longest = max(len(progress.model_dump_json()) for progress in done.progress)
    assert longest < 4000


def test_a_generation_ends_with_an_activity_and_begins_with_a_timer() -> None:
    """A worker that crashes between the two leaves a history that the engine can read."""
    stub = {"at": "2026-01-01T00:00:00Z", "ok": True, "status": 200, "milliseconds": 1}
    stubs = {CHECK_ADDRESS: lambda _: {"check": stub, "pause_seconds": 60}}
    for number in range(3):
        paused = execute(DEFINITION, REQUEST, stubs, until=timedelta(seconds=60 * number + 30))
        kinds = [event.WhichOneof("eventType") for event in paused.history]
        assert kinds == ["workflowStarted", "executionStarted", "timerCreated"]
        assert paused.history[-1].eventId == 1
        # Whole minutes: each generation began at the check of the one before.
        assert paused.elapsed == timedelta(seconds=60 * number)


def test_the_custom_status_shows_generation_and_results() -> None:
    done = run([UP, DOWN], stop=64)
    shown = done.progress[-2]
    assert shown.step == "unhealthy"
    assert shown.message == (
        "HTTP status 503 after 7 ms; the next check is at 2026-01-01T00:01:05+00:00"
    )
    assert (shown.details["generation"], shown.details["changes"]) == (3, 1)
    assert [check["ok"] for check in shown.details["results"]] == [True, False]


def test_stop_is_accepted_at_every_step() -> None:
    done = run([UP, DOWN, UP], stop=200)
    running = [progress for progress in done.progress if progress.step != "stopped"]
    assert {wait.id for progress in running for wait in progress.waits} == {STOP.name}
    assert all(progress.waits for progress in running)


@pytest.mark.parametrize("when", [0, 1, 59.999999, 60, 60.000001, 120])
def test_stop_prevents_another_check_whenever_it_is_sent(when: float) -> None:
    done = run([], stop=when)
    assert done.status is RuntimeStatus.COMPLETED
    assert done.elapsed.total_seconds() == when
    assert not done.refused


def test_a_stop_that_comes_while_an_alert_is_sent_is_not_lost_to_the_next_generation() -> None:
    stop = Send(timedelta(), STOP.name, PAYLOAD)

    def check_address(_: CheckAddress) -> CheckedAddress:
        # It arrives before the alert of this check is sent.
        environment.send(started.instance_id, stop)
        check = Check(at=datetime(2026, 1, 1, tzinfo=UTC), ok=DOWN, status=503, milliseconds=7)
        return CheckedAddress(check=check, pause_seconds=5)

    stubs = {CHECK_ADDRESS: check_address, SEND_NOTIFICATION: lambda sent: {"key": sent["key"]}}
    environment = Environment([DEFINITION], stubs)
    started = environment.start(DEFINITION.workflow_name, DEFINITION.instance_id(REQUEST), REQUEST)
    environment.run()
    assert (started.status, started.generations) == (RuntimeStatus.COMPLETED, 2)
    assert started.elapsed == timedelta()


def test_an_accepted_stop_that_was_lost_is_raised_when_it_is_sent_again() -> None:
    done = run([], stop=10, lost=True, again=130)
    assert done.status is RuntimeStatus.COMPLETED
    assert times(done) == [0, 60, 120]


def test_the_last_generation_replays() -> None:
    done = run([UP, DOWN, UP], stop=200)
    replay([DEFINITION], done.instance_id, done.history)


class HalfEngine:
    """Takes no event the first time."""

    def __init__(self) -> None:
        self.raised: list[Any] = []
        self.broken = True

    async def raise_event(self, _: str, __: str, data: Any) -> None:
        if self.broken:
            raise ProblemError(ProblemType.UNAVAILABLE, "down")
        self.raised.append(data.payload)


async def test_a_stop_that_failed_with_503_is_raised_when_it_is_sent_again() -> None:
    engine, stop = HalfEngine(), Stop.model_validate(PAYLOAD)
    progress = Progress(step="healthy", message="", waits=[{"id": STOP.name, "event": STOP.name}])
    state = instance_state(instance_id="monitor-1", progress=progress)
    events = Events(engine, AcceptedEvents(MemoryStateStore()), NO_TRACE_CONTEXTS)  # type: ignore[arg-type]
    with pytest.raises(ProblemError) as first:
        await events.deliver(state, STOP, stop)
    assert first.value.type is ProblemType.UNAVAILABLE
    engine.broken = False
    # It was accepted by the first.
    assert await events.deliver(state, STOP, stop) is False
    assert engine.raised == [PAYLOAD]


async def test_a_start_compares_with_the_request_of_a_later_generation() -> None:
    done = run([UP] * 5, stop=170)
    started = next(e.executionStarted for e in done.history if e.HasField("executionStarted"))
    later = raw_state(name=DEFINITION.workflow_name, input=started.input.value)
    assert '"generation": 4' in later.input.value
    engine = Engine(
        None,  # type: ignore[arg-type]
        management(FakeChannel(GetInstance=[found(later)])),
        1.0,
        NO_TRACE_CONTEXTS,
        StartRecords(MemoryStateStore()),
    )
    assert not await engine.start(DEFINITION, REQUEST)
    with pytest.raises(ProblemError) as error:
        await engine.start(DEFINITION, REQUEST.model_copy(update={"interval_seconds": 7}))
    assert error.value.type is ProblemType.INSTANCE_EXISTS
