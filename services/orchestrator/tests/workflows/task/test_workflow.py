"""What the workflow decides, for each way that its steps can end."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.assigner import Assignment, AssignmentStatus
from contracts.orchestrator import RuntimeStatus
from orchestrator.testing.environment import Run, Stub, execute
from orchestrator.toolkit import messages as steps
from orchestrator.toolkit.messages import AssignTask, AssignTaskResult, NotificationSent
from orchestrator.toolkit.retries import RETRY
from orchestrator.workflows.task.models import (
    VALIDATE_TASK,
    TaskOutcome,
    TaskRequest,
    TaskResult,
    Validation,
)
from orchestrator.workflows.task.workflow import DEFINITION

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


def fails(message: str) -> Stub:
    def activity(_: Any) -> None:
        raise RuntimeError(message)

    return activity


def process(task: TaskRequest = TASK, **activities: Stub) -> Run:
    good: dict[str, Stub] = {
        VALIDATE_TASK: lambda _: Validation(),
        steps.ASSIGN_TASK: assigned,
        steps.SEND_NOTIFICATION: lambda step: NotificationSent(key=step["key"]),
        steps.RELEASE_ASSIGNMENT: lambda _: None,
    }
    return execute(DEFINITION, task, good | activities)


def result_of(run: Run) -> TaskResult:
    return TaskResult.model_validate(run.output)


def attempts(run: Run, name: str) -> int:
    return run.called().count(name)


def test_a_good_task_is_validated_assigned_and_told() -> None:
    run = process()
    assert result_of(run) == TaskResult(
        task_id="1",
        status=TaskOutcome.COMPLETED,
        message="Task assigned to alice at 2026-01-02T03:04:05+00:00",
        assignee="alice@example.com",
    )
    steps_taken = [VALIDATE_TASK, steps.ASSIGN_TASK, steps.SEND_NOTIFICATION]
    assert run.called() == steps_taken
    assert run.steps() == [*steps_taken, "completed"]


def test_the_notification_names_the_task() -> None:
    [sent] = process().inputs(steps.SEND_NOTIFICATION)
    assert (sent["recipient"], sent["body"]) == (
        "alice@example.com",
        "You have been assigned task: Review",
    )


def test_each_effect_has_a_key_of_the_instance() -> None:
    assert [c.input["key"] for c in process().calls[1:]] == ["task-1:assign", "task-1:notify"]


@pytest.mark.parametrize("step", [VALIDATE_TASK, steps.ASSIGN_TASK, steps.SEND_NOTIFICATION])
def test_every_step_is_tried_three_times(step: str) -> None:
    run = process(**{step: fails("down")})
    assert [c.at.total_seconds() for c in run.calls if c.name == step] == [0, 1, 3]


def test_without_a_named_assignee_the_skills_are_asked_for() -> None:
    run = process(TaskRequest(task_id="1", title="T", assignee=" ", skills=["python"]))
    [step] = run.inputs(steps.ASSIGN_TASK)
    assert (step["request"]["assignee"], step["request"]["skills"]) == (None, ["python"])
    assert result_of(run).message.startswith("Task assigned to alice@example.com at ")


def test_an_invalid_task_is_rejected_and_nothing_happens() -> None:
    run = process(validate_task=lambda _: Validation(rejection="Missing title"))
    result = result_of(run)
    assert (result.status, result.message) == (TaskOutcome.REJECTED, "Missing title")
    assert run.called() == [VALIDATE_TASK]


def test_a_task_that_nobody_can_take_is_rejected_with_the_reason() -> None:
    run = process(assign_task=lambda _: AssignTaskResult(refusal="alice is away"))
    result = result_of(run)
    assert (result.status, result.message) == (TaskOutcome.REJECTED, "alice is away")
    assert run.called()[-1] == steps.ASSIGN_TASK


def test_an_assigner_that_fails_for_good_leaves_no_assignment() -> None:
    run = process(assign_task=fails("assigner: down"))
    assert result_of(run).status is TaskOutcome.FAILED
    assert "assigner: down" in result_of(run).message
    assert run.called()[-2:] == [steps.ASSIGN_TASK, steps.RELEASE_ASSIGNMENT]


def test_who_cannot_be_told_does_not_keep_the_task() -> None:
    run = process(send_notification=fails("no such mailbox"))
    result = result_of(run)
    assert result.status is TaskOutcome.FAILED
    assert "released" in result.message
    assert "no such mailbox" in result.message
    assert run.calls[-1].name == steps.RELEASE_ASSIGNMENT
    assert run.calls[-1].input["key"] == "task-1:assign"


def test_a_release_is_tried_until_it_holds() -> None:
    tries = iter(range(20))

    def release(_: Any) -> None:
        if next(tries) < 19:
            raise RuntimeError("down")

    run = process(send_notification=fails("no such mailbox"), release_assignment=release)
    assert attempts(run, steps.RELEASE_ASSIGNMENT) == 20
    assert run.status is RuntimeStatus.COMPLETED


def test_a_validation_that_fails_for_good_fails_the_task() -> None:
    run = process(validate_task=fails("lost"))
    assert result_of(run).status is TaskOutcome.FAILED
    assert set(run.called()) == {VALIDATE_TASK}


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
