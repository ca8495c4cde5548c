"""The decisions of task processing, for each outcome of its steps."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from unit_support.unpatched import with_patches

from contracts.assigner import Assignment, AssignmentStatus
from orchestrator.dapr_sdk.executor import UNVERSIONED
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import Environment, Run, Stub, execute
from orchestrator.testing.replay import replay
from orchestrator.testing.stubs import failing
from orchestrator.toolkit import messages as steps
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.messages import AssignTask, AssignTaskResult, NotificationSent
from orchestrator.workflows.task.models import (
    VALIDATE_TASK,
    TaskOutcome,
    TaskRequest,
    TaskResult,
    Validation,
)
from orchestrator.workflows.task.workflow import DEFINITION
from orchestrator.workflows.task.workflow_v0 import task_processing_v0

ASSIGNED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TASK = TaskRequest(task_id="1", title="Review", assignee="alice")
URGENT = TaskRequest.model_validate(
    {
        "task_id": "1",
        "title": "Review",
        "assignee": "alice",
        "priority": "urgent",
        "due": "2030-01-31T17:00:00+01:00",
    }
)
V0 = dataclasses.replace(
    DEFINITION, workflow=task_processing_v0, version=None, previous_versions={}
)
UNPATCHED = with_patches(V0, False)


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


STUBS: dict[str, Stub] = {
    VALIDATE_TASK: lambda _: Validation(),
    steps.ASSIGN_TASK: assigned,
    steps.SEND_NOTIFICATION: lambda step: NotificationSent(key=step["key"]),
    steps.RELEASE_ASSIGNMENT: lambda _: None,
}


def process(task: TaskRequest = TASK, **activities: Stub) -> Run:
    run = execute(DEFINITION, task, STUBS | activities)
    replay([DEFINITION], run.instance_id, run.history)
    assert run.unreported() == []
    assert run.progress[-1].step == run.output["status"]
    return run


def result_of(run: Run) -> TaskResult:
    return TaskResult.model_validate(run.output)


def attempts(run: Run, name: str) -> int:
    return run.called().count(name)


def test_a_valid_task_is_validated_and_assigned_and_its_assignee_notified() -> None:
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


def test_priority_and_due_date_reach_the_assigner_and_the_assignee() -> None:
    run = process(URGENT)
    urgency = {"priority": "urgent", "due": "2030-01-31T17:00:00+01:00"}
    [assign] = run.inputs(steps.ASSIGN_TASK)
    assert assign["request"].items() >= urgency.items()
    [notification] = run.inputs(steps.SEND_NOTIFICATION)
    assert notification.items() >= urgency.items()
    assert notification["body"] == (
        "You have been assigned task: Review (urgent priority, due 2030-01-31 17:00+01:00)"
    )


def test_a_normal_priority_is_handed_on_but_not_written_about() -> None:
    run = process()
    [assign] = run.inputs(steps.ASSIGN_TASK)
    [notification] = run.inputs(steps.SEND_NOTIFICATION)
    assert assign["request"]["priority"] == notification["priority"] == "normal"
    assert "due" not in assign["request"]
    assert "due" not in notification
    assert notification["body"] == "You have been assigned task: Review"


def began(code: Definition) -> tuple[Environment, Run]:
    """Return an instance that earlier code began: its first step has failed once."""
    attempts = iter(range(2))

    def validate(_: Any) -> Validation:
        if next(attempts) == 0:
            raise RuntimeError("not now")
        return Validation()

    hosts = Environment([code], STUBS | {VALIDATE_TASK: validate})
    run = hosts.start(DEFINITION.workflow_name, "task-1", URGENT)
    # The second attempt comes a second after the first.
    hosts.run(timedelta(milliseconds=500))
    assert run.called() == [VALIDATE_TASK]
    return hosts, run


@pytest.mark.parametrize(("code", "urgent"), [(UNPATCHED, False), (V0, True)])
def test_an_instance_that_began_before_there_was_a_version_ends_as_it_began(
    code: Definition, urgent: bool
) -> None:
    hosts, run = began(code)
    hosts.deploy([DEFINITION])
    hosts.run()
    assert result_of(run).status is TaskOutcome.COMPLETED
    [assign] = run.inputs(steps.ASSIGN_TASK)
    [notification] = run.inputs(steps.SEND_NOTIFICATION)
    found = {"priority", "due"} & {*assign["request"], *notification}
    assert found == ({"priority", "due"} if urgent else set())
    turns = [event.workflowStarted for event in run.history if event.HasField("workflowStarted")]
    assert {turn.version.name for turn in turns} <= {"", UNVERSIONED}
    # The engine compares the patches of each turn with those before.
    assert [list(turn.version.patches) for turn in turns] == [
        ["priority-and-due"] if urgent else [] for _ in turns
    ]
    replay([DEFINITION], "task-1", run.history)


def test_each_effect_has_a_key_of_the_instance() -> None:
    assert [c.input["key"] for c in process().calls[1:]] == ["task-1:assign", "task-1:notify"]


@pytest.mark.parametrize("step", [VALIDATE_TASK, steps.ASSIGN_TASK, steps.SEND_NOTIFICATION])
def test_a_step_has_three_attempts(step: str) -> None:
    run = process(**{step: failing(RuntimeError, "down")})
    assert [c.at.total_seconds() for c in run.calls if c.name == step] == [0, 1, 3]


def test_a_task_without_assignee_is_assigned_by_its_skills() -> None:
    run = process(TaskRequest(task_id="1", title="T", assignee=" ", skills=["python"]))
    [step] = run.inputs(steps.ASSIGN_TASK)
    assert (step["request"]["assignee"], step["request"]["skills"]) == (None, ["python"])
    assert result_of(run).message.startswith("Task assigned to alice@example.com at ")


def test_an_invalid_task_is_rejected_without_an_effect() -> None:
    run = process(validate_task=lambda _: Validation(rejection="Missing title"))
    result = result_of(run)
    assert (result.status, result.message) == (TaskOutcome.REJECTED, "Missing title")
    assert run.called() == [VALIDATE_TASK]


def test_a_task_that_the_assigner_refuses_is_rejected_with_the_reason() -> None:
    run = process(assign_task=lambda _: AssignTaskResult(refusal="alice is away"))
    result = result_of(run)
    assert (result.status, result.message) == (TaskOutcome.REJECTED, "alice is away")
    assert run.called()[-1] == steps.ASSIGN_TASK


def test_an_assignment_that_fails_permanently_is_released() -> None:
    run = process(assign_task=failing(RuntimeError, "assigner: down"))
    assert result_of(run).status is TaskOutcome.FAILED
    assert "assigner: down" in result_of(run).message
    assert run.called()[-2:] == [steps.ASSIGN_TASK, steps.RELEASE_ASSIGNMENT]


def test_an_assignee_who_cannot_be_notified_has_the_assignment_released() -> None:
    run = process(send_notification=failing(RuntimeError, "no such mailbox"))
    result = result_of(run)
    assert result.status is TaskOutcome.FAILED
    assert "released" in result.message
    assert "no such mailbox" in result.message
    assert run.calls[-1].name == steps.RELEASE_ASSIGNMENT
    assert run.calls[-1].input["key"] == "task-1:assign"


def test_a_release_is_retried_until_it_succeeds() -> None:
    tries = iter(range(20))

    def release(_: Any) -> None:
        if next(tries) < 19:
            raise RuntimeError("down")

    run = process(
        send_notification=failing(RuntimeError, "no such mailbox"), release_assignment=release
    )
    assert attempts(run, steps.RELEASE_ASSIGNMENT) == 20
    assert run.status is RuntimeStatus.COMPLETED


def test_a_validation_that_fails_permanently_fails_the_task() -> None:
    run = process(validate_task=failing(RuntimeError, "lost"))
    assert result_of(run).status is TaskOutcome.FAILED
    assert set(run.called()) == {VALIDATE_TASK}
