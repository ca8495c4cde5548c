"""What the workflow decides, for each way that its steps can end."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.assigner import Assignment, AssignmentStatus
from orchestrator import steps
from orchestrator.steps import AssignTask, AssignTaskResult, NotificationSent, SendNotification
from orchestrator.testing import Activities, Call, FakeContext, failure, run
from orchestrator.workflows.conventions import RETRY
from orchestrator.workflows.task_processing import (
    VALIDATE_TASK,
    TaskOutcome,
    TaskRequest,
    TaskResult,
    Validation,
    task_processing_workflow,
)

ASSIGNED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TASK = TaskRequest(task_id="1", title="Review", assignee="alice")


def assigned(step: AssignTask) -> AssignTaskResult:
    assignment = Assignment(
        key=step.key,
        title=step.request.title,
        member_id="alice",
        name="Alice",
        email="alice@example.com",
        status=AssignmentStatus.HELD,
        assigned_at=ASSIGNED_AT,
    )
    return AssignTaskResult(assignment=assignment)


def fails(message: str) -> Any:
    def activity(_: Any) -> None:
        raise failure(message)

    return activity


def process(
    task: TaskRequest = TASK, **activities: Any
) -> tuple[TaskResult, list[Call], FakeContext]:
    good: Activities = {
        VALIDATE_TASK: lambda _: Validation(),
        steps.ASSIGN_TASK: assigned,
        steps.SEND_NOTIFICATION: lambda step: NotificationSent(key=step.key),
        steps.RELEASE_ASSIGNMENT: lambda _: None,
    }
    ctx = FakeContext(instance_id=f"task-{task.task_id}")
    result, calls = run(task_processing_workflow(ctx, task), good | activities)  # type: ignore[arg-type]
    return result, calls, ctx


def names(calls: list[Call]) -> list[str]:
    return [call.name for call in calls]


def test_a_good_task_is_validated_assigned_and_told() -> None:
    result, calls, ctx = process()
    assert result == TaskResult(
        task_id="1",
        status=TaskOutcome.COMPLETED,
        message="Task assigned to alice at 2026-01-02T03:04:05+00:00",
        assignee="alice@example.com",
    )
    steps_taken = [VALIDATE_TASK, steps.ASSIGN_TASK, steps.SEND_NOTIFICATION]
    assert names(calls) == steps_taken
    assert [s["step"] for s in ctx.statuses] == [*steps_taken, "completed"]


def test_the_notification_names_the_task() -> None:
    _, calls, _ = process()
    sent: SendNotification = calls[-1].input
    assert (sent.recipient, sent.body) == (
        "alice@example.com",
        "You have been assigned task: Review",
    )


def test_each_effect_has_a_key_of_the_instance() -> None:
    _, calls, _ = process()
    assert [c.input.key for c in calls[1:]] == ["task-1:assign", "task-1:notify"]


def test_every_step_is_retried() -> None:
    _, calls, _ = process()
    assert {call.retry_policy for call in calls} == {RETRY}


def test_without_a_named_assignee_the_skills_are_asked_for() -> None:
    result, calls, _ = process(TaskRequest(task_id="1", title="T", assignee=" ", skills=["python"]))
    request = calls[1].input.request
    assert (request.assignee, request.skills) == (None, ["python"])
    assert result.message.startswith("Task assigned to alice@example.com at ")


def test_an_invalid_task_is_rejected_and_nothing_happens() -> None:
    result, calls, _ = process(validate_task=lambda _: Validation(rejection="Missing title"))
    assert (result.status, result.message) == (TaskOutcome.REJECTED, "Missing title")
    assert names(calls) == [VALIDATE_TASK]


def test_a_task_that_nobody_can_take_is_rejected_with_the_reason() -> None:
    result, calls, _ = process(assign_task=lambda _: AssignTaskResult(refusal="alice is away"))
    assert (result.status, result.message) == (TaskOutcome.REJECTED, "alice is away")
    assert names(calls)[-1] == steps.ASSIGN_TASK


def test_an_assigner_that_fails_for_good_leaves_no_assignment() -> None:
    result, calls, _ = process(assign_task=fails("assigner: down"))
    assert result.status is TaskOutcome.FAILED
    assert "assigner: down" in result.message
    assert names(calls)[-2:] == [steps.ASSIGN_TASK, steps.RELEASE_ASSIGNMENT]


def test_who_cannot_be_told_does_not_keep_the_task() -> None:
    result, calls, _ = process(send_notification=fails("no such mailbox"))
    assert result.status is TaskOutcome.FAILED
    assert "released" in result.message
    assert "no such mailbox" in result.message
    assert calls[-1].name == steps.RELEASE_ASSIGNMENT
    assert calls[-1].input.key == "task-1:assign"


def test_a_validation_that_fails_for_good_fails_the_task() -> None:
    result, calls, _ = process(validate_task=fails("lost"))
    assert result.status is TaskOutcome.FAILED
    assert names(calls) == [VALIDATE_TASK]


def test_the_retry_policy_is_the_promised_one() -> None:
    seconds = (
        RETRY.first_retry_interval.total_seconds(),
        RETRY.max_number_of_attempts,
        RETRY.backoff_coefficient,
        RETRY.max_retry_interval.total_seconds(),  # type: ignore[union-attr]
        RETRY.retry_timeout.total_seconds(),  # type: ignore[union-attr]
    )
    assert seconds == (1, 3, 2, 10, 100)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "T"},
        {"task_id": "1"},
        {"task_id": 1, "title": "T"},
        {"task_id": "", "title": "T"},
        {"task_id": "a:b", "title": "T"},
        {"task_id": "x" * 101, "title": "T"},
        {"task_id": "1", "title": "x" * 201},
        {"task_id": "1", "title": "T", "skills": "python"},
        {"task_id": "1", "title": "T", "due": "2030-01-01T00:00:00"},
        {"task_id": "1", "title": "T", "priority": "soon"},
        {"task_id": "1", "title": "T", "asignee": "alice"},
    ],
)
def test_a_malformed_task_is_no_task(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        TaskRequest.model_validate(wrong)
