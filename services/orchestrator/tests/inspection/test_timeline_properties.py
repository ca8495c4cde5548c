"""The steps of any history are consistent: recorded ones, their prefixes, and generated ones."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit_support.history import happened

from orchestrator.dapr_sdk.task_refresh import without_repeats
from orchestrator.inspection.timeline import Timeline
from orchestrator.schemas.detail import StepKind, StepStatus
from orchestrator.testing.replay import load

FILES = sorted((Path(__file__).parents[1] / "histories").glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_prefix_of_a_recorded_history_is_consistent(path: Path) -> None:
    _, history = load(path)
    for end in range(len(history) + 1):
        assert_consistent(history[:end])
    assert not Timeline(history).pending


IDS = st.integers(1, 4)
NAMES = st.sampled_from(["a", "A", "b"])
EVENTS = st.one_of(
    st.builds(
        lambda i, n, x: {"eventId": i, "taskScheduled": {"name": n, "taskExecutionId": x}},
        IDS,
        NAMES,
        st.sampled_from(["", "x", "y"]),
    ),
    st.builds(lambda i: {"taskCompleted": {"taskScheduledId": i, "result": "1"}}, IDS),
    st.builds(
        lambda i: {"taskFailed": {"taskScheduledId": i, "failureDetails": {"errorMessage": "e"}}},
        IDS,
    ),
    st.builds(
        lambda i, c: {"eventId": i, "childWorkflowInstanceCreated": {"name": "c", "instanceId": c}},
        IDS,
        NAMES,
    ),
    st.builds(
        lambda i: {
            "childWorkflowInstanceFailed": {
                "taskScheduledId": i,
                "failureDetails": {"errorMessage": "e"},
            }
        },
        IDS,
    ),
    st.builds(
        lambda i, origin: {
            "eventId": i,
            "timerCreated": {"fireAt": "2026-01-01T01:00:00Z", **origin},
        },
        IDS,
        st.one_of(
            st.just({}),
            st.just({"createTimer": {}}),
            st.builds(lambda n: {"externalEvent": {"name": n}}, NAMES),
            st.builds(
                lambda x: {"activityRetry": {"taskExecutionId": x}}, st.sampled_from(["x", "y"])
            ),
            st.builds(lambda c: {"childWorkflowRetry": {"instanceId": c}}, NAMES),
        ),
    ),
    st.builds(lambda i: {"timerFired": {"timerId": i}}, IDS),
    st.builds(lambda n: {"eventRaised": {"name": n}}, NAMES),
    st.sampled_from(
        [
            {"workflowStarted": {}},
            {"executionSuspended": {}},
            {"executionResumed": {}},
            {"executionStalled": {"reason": "PATCH_MISMATCH"}},
            {"executionCompleted": {"workflowStatus": "ORCHESTRATION_STATUS_COMPLETED"}},
            {"eventSent": {}},
        ]
    ),
)


@given(st.lists(EVENTS, max_size=25))
def test_the_steps_of_any_history_are_consistent(events: list[dict[str, Any]]) -> None:
    assert_consistent(
        [happened(i, e.get("eventId", -1), **_without_id(e)) for i, e in enumerate(events)]
    )


def _without_id(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != "eventId"}


def assert_consistent(history: list[Any]) -> None:
    timeline = Timeline(history)
    begun = sum(
        event.HasField("taskScheduled") or event.HasField("childWorkflowInstanceCreated")
        for event in without_repeats(history)
    )
    assert sum(len(step.attempts) for step in timeline.steps) == begun
    for step in timeline.steps:
        assert [attempt.number for attempt in step.attempts] == [
            number + 1 for number in range(len(step.attempts))
        ]
        assert (step.ended_at is None) == (step.status is StepStatus.RUNNING)
        assert (step.kind is StepKind.CHILD) == (step.instance_id is not None)
    for step in timeline.pending.values():
        assert step in timeline.steps
