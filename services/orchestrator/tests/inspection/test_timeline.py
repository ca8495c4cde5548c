"""The steps of a history."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dapr.ext.workflow as wf
from dapr.ext.workflow import DaprWorkflowContext
from unit_support.asking import ANSWER, Answer, Question, asking
from unit_support.history import BEGIN, happened

from orchestrator.dapr_sdk.values import MAX_TEXT
from orchestrator.inspection.timeline import Timeline
from orchestrator.schemas.detail import HistoryStep, StepStatus
from orchestrator.testing.environment import Run, Send, execute
from orchestrator.testing.replay import load
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.waits import EventWait

RECORDED = Path(__file__).parents[1] / "histories"


def summary(steps: list[HistoryStep]) -> list[tuple[str, str, str]]:
    return [(step.kind, step.name, step.status) for step in steps]


def recorded(name: str) -> list[Any]:
    return load(RECORDED / f"{name}.json")[1]


def test_retries_are_attempts_of_one_step() -> None:
    steps = Timeline(recorded("hello-retried")).steps
    assert summary(steps) == [
        ("activity", "greet", "completed"),
        ("activity", "try_luck", "completed"),
        ("child", "hello_child_workflow", "completed"),
        ("timer", "timer", "completed"),
    ]
    luck = steps[1]
    assert [(a.number, a.error, a.error_type) for a in luck.attempts] == [
        (1, "Attempt 1 was asked to fail", "SimulatedFailure"),
        (2, "Attempt 2 was asked to fail", "SimulatedFailure"),
        (3, None, None),
    ]
    assert luck.started_at == luck.attempts[0].started_at
    assert luck.ended_at == luck.attempts[-1].ended_at
    assert luck.error is None
    assert luck.until is None
    assert luck.input["failures"] == 2
    assert steps[2].output == "Hello, ada, from a child!"
    assert steps[3].until is not None
    assert steps[3].ended_at is not None
    assert steps[3].ended_at >= steps[3].until


def test_a_step_that_fails_permanently_has_its_last_error() -> None:
    steps = Timeline(recorded("hello-compensated")).steps
    luck = next(step for step in steps if step.name == "try_luck")
    assert luck.status is StepStatus.FAILED
    assert luck.error == luck.attempts[-1].error == "Attempt 3 was asked to fail"
    assert len(luck.attempts) == 3
    assert all(attempt.ended_at for attempt in luck.attempts)


def test_between_two_attempts_a_step_runs_until_the_next() -> None:
    history = recorded("hello-retried")
    failed = next(i for i, e in enumerate(history) if e.HasField("timerCreated"))
    timeline = Timeline(history[: failed + 1])
    [step] = timeline.pending.values()
    assert (step.name, step.status, step.ended_at) == ("try_luck", StepStatus.RUNNING, None)
    assert step.until is not None
    assert step.error == "Attempt 1 was asked to fail"


def ask(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
    """Wait for an answer for an hour, at most twice."""
    for _round in range(2):
        until = ctx.current_utc_datetime + timedelta(hours=1)
        waiting = EventWait(ctx, ANSWER, Answer, until=until, assigned_to="bo")
        report(ctx, "asking", "Bo is asked", waits=[waiting.wait])
        if (yield from waiting.receive()) is not None:
            return


def asked(*events: Send, until: timedelta | None = None) -> Run:
    return execute(asking(ask), Question(), {}, events=events, until=until)


def test_a_timed_wait_is_one_step() -> None:
    answer = Send(timedelta(minutes=90), "answer", {"text": "yes"})
    first, second = Timeline(asked(answer).history).steps
    assert (first.kind, first.name, first.status) == ("event", "answer", "timed_out")
    assert first.ended_at == first.until == BEGIN + timedelta(hours=1)
    assert (second.kind, second.status) == ("event", "completed")
    assert second.output["payload"] == {"text": "yes"}
    assert second.ended_at == BEGIN + timedelta(minutes=90)
    assert second.until == BEGIN + timedelta(hours=2)


def test_a_wait_that_has_not_ended_is_pending() -> None:
    timeline = Timeline(asked(until=timedelta(minutes=30)).history)
    [step] = timeline.pending.values()
    assert (step.status, step.ended_at) == (StepStatus.RUNNING, None)


def test_a_wait_without_a_deadline_has_none() -> None:
    created = happened(
        0, 1, timerCreated={"fireAt": "9999-12-31T23:59:59.999999999Z", "externalEvent": {}}
    )
    assert Timeline([created]).steps[0].until is None


def wait_created(event_id: int, name: str) -> Any:
    timer = {"fireAt": "2026-01-01T01:00:00Z", "externalEvent": {"name": name}}
    return happened(0, event_id, timerCreated=timer)


def test_an_event_completes_the_first_wait_of_its_name_in_any_case() -> None:
    raised = happened(1, -1, eventRaised={"name": "OTHER", "input": '{"a": 1}'})
    history = [wait_created(1, "answer"), wait_created(2, "Other"), wait_created(3, "other")]
    timeline = Timeline([*history, raised])
    assert [step.status for step in timeline.steps] == ["running", "completed", "running"]
    assert timeline.steps[1].output == {"a": 1}
    # Its timer still fires, and is ignored.
    late = happened(3600, -1, timerFired={"timerId": 2})
    assert Timeline([*history, raised, late]).steps[1].status is StepStatus.COMPLETED


def test_an_event_that_nothing_waits_for_is_a_step() -> None:
    raised = happened(1, -1, eventRaised={"name": "answer", "input": '"early"'})
    [step] = Timeline([raised]).steps
    assert (step.kind, step.status, step.output) == ("event", "completed", "early")


def test_a_pause_is_a_step_with_its_reason() -> None:
    paused = happened(1, -1, executionSuspended={"input": "the moon is full"})
    resumed = happened(5, -1, executionResumed={"input": "the night is over"})
    [running] = Timeline([paused, paused]).steps
    assert (running.kind, running.status) == ("pause", "running")
    assert running.input == "the moon is full"
    [ended] = Timeline([paused, resumed]).steps
    assert (ended.status, ended.ended_at) == ("completed", BEGIN + timedelta(seconds=5))
    assert Timeline([resumed]).steps == []


def test_a_stall_lasts_until_the_next_scheduled_task() -> None:
    stalled = happened(
        1, -1, executionStalled={"reason": "VERSION_NOT_AVAILABLE", "description": "no v1 here"}
    )
    begun = happened(2, -1, workflowStarted={})
    [step] = Timeline([stalled, begun, stalled]).steps
    assert (step.kind, step.name, step.status) == ("stall", "version_not_available", "running")
    assert step.input == "no v1 here"
    decided = happened(3, 1, taskScheduled={"name": "greet"})
    assert summary(Timeline([stalled, begun, decided]).steps) == [
        ("stall", "version_not_available", "completed"),
        ("activity", "greet", "running"),
    ]


def test_a_step_that_runs_when_the_instance_ends_is_abandoned() -> None:
    task = happened(0, 1, taskScheduled={"name": "greet", "taskExecutionId": "x"})
    terminated = happened(1, -1, executionTerminated={"input": "enough"})
    ended = happened(2, 2, executionCompleted={"workflowStatus": "ORCHESTRATION_STATUS_TERMINATED"})
    timeline = Timeline([task, terminated, ended])
    assert timeline.steps[0].status is StepStatus.ABANDONED
    assert timeline.pending == {}


def child(seconds: float, event_id: int) -> Any:
    created = {"name": "child_workflow", "instanceId": "one"}
    return happened(seconds, event_id, childWorkflowInstanceCreated=created)


def child_failed(seconds: float, event_id: int) -> Any:
    failed = {"taskScheduledId": event_id, "failureDetails": {"errorMessage": "no luck"}}
    return happened(seconds, -1, childWorkflowInstanceFailed=failed)


def test_a_retried_child_is_one_step_and_one_that_is_called_twice_is_two() -> None:
    again = happened(
        2,
        2,
        timerCreated={
            "fireAt": "2026-01-01T00:00:03Z",
            "childWorkflowRetry": {"instanceId": "one"},
        },
    )
    fired = happened(3, -1, timerFired={"timerId": 2})
    [step] = Timeline([child(0, 1), child_failed(1, 1), again, fired, child(3, 3)]).steps
    assert [attempt.error for attempt in step.attempts] == ["no luck", None]
    assert (step.instance_id, step.status) == ("one", StepStatus.RUNNING)

    twice = Timeline([child(0, 1), child_failed(1, 1), child(3, 3)]).steps
    assert [step.status for step in twice] == ["failed", "running"]


def test_parallel_calls_are_separate_steps() -> None:
    def both(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        yield wf.when_all([ctx.call_activity("look", input=number) for number in (1, 2)])

    run = execute(asking(both), Question(), {"look": lambda number: number})
    assert [(s.input, s.output, len(s.attempts)) for s in Timeline(run.history).steps] == [
        (1, 1, 1),
        (2, 2, 1),
    ]


def test_long_input_is_truncated() -> None:
    data = '"' + "x" * MAX_TEXT + '"'
    task = happened(0, 1, taskScheduled={"name": "greet", "input": data})
    [step] = Timeline([task]).steps
    assert isinstance(step.input, str)
    assert step.input.startswith('"xxx')
    assert "cut: 10,002 characters" in step.input
    assert len(step.input) < MAX_TEXT + 100


def test_output_that_is_not_json_is_shown_as_text() -> None:
    done = happened(1, -1, taskCompleted={"taskScheduledId": 1, "result": "{broken"})
    [step] = Timeline([happened(0, 1, taskScheduled={"name": "greet"}), done]).steps
    assert step.output == "{broken"


def test_a_step_whose_wake_up_was_created_again_is_one_step_with_one_attempt() -> None:
    scheduled = happened(0, 1, taskScheduled={"name": "look", "taskExecutionId": "a"})
    timer = happened(1, 2, timerCreated={"fireAt": "2026-01-01T01:00:00Z", "createTimer": {}})
    looked = happened(1, taskCompleted={"taskScheduledId": 1})
    steps = Timeline([scheduled, scheduled, looked, timer, timer]).steps
    assert [(step.kind, len(step.attempts)) for step in steps] == [("activity", 1), ("timer", 0)]
