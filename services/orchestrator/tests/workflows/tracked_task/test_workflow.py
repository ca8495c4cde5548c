"""The workflow of a tracked task, for each way that it can end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.assigner import Assignment, AssignmentStatus
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import START, Run, Send, Stub, execute
from orchestrator.testing.stubs import failing
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
    AssignTaskResult,
)
from orchestrator.workflows.tracked_task.models import (
    ARM_REMINDERS,
    FINISH_TASK,
    OPEN_TASK,
    RECORD_STEP,
    Opened,
    TrackedRequest,
)
from orchestrator.workflows.tracked_task.workflow import DEFINITION

NOW = START.replace(tzinfo=UTC)
HOUR = timedelta(hours=1)
ENDED = Send(HOUR, "done", {"kind": "done", "by": "alice", "comment": "at last"})
ASSIGNMENT = Assignment(
    key="tracked-1:assign",
    title="T",
    member_id="alice",
    name="Alice",
    email="alice@example.com",
    status=AssignmentStatus.HELD,
    assigned_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def run(
    *events: Send,
    stubs: dict[str, Stub] | None = None,
    until: timedelta | None = None,
    **request: Any,
) -> Run:
    def nothing(_: Any) -> None:
        """Take the step."""

    activities: dict[str, Stub] = {
        OPEN_TASK: lambda _: Opened(lead="dana@example.com", limit_days=10),
        ASSIGN_TASK: lambda _: AssignTaskResult(assignment=ASSIGNMENT),
        **dict.fromkeys(
            (ARM_REMINDERS, SEND_NOTIFICATION, RECORD_STEP, RELEASE_ASSIGNMENT, FINISH_TASK),
            nothing,
        ),
        **(stubs or {}),
    }
    task = TrackedRequest.model_validate(
        {"task_id": "1", "title": "T", "assignee": "alice", **request}
    )
    done = execute(DEFINITION, task, activities, events=events, until=until)
    # That the assignee was notified is recorded as a part of the notification.
    assert set(done.unreported()) <= {RECORD_STEP}
    if done.status is RuntimeStatus.COMPLETED:
        assert done.progress[-1].step == done.output["status"]
    return done


def armed(done: Run) -> list[tuple[str, datetime, str, str]]:
    """Return each reminder's name, time, recipient and key."""
    [call] = done.inputs(ARM_REMINDERS)
    return [
        (
            reminder["name"],
            datetime.fromisoformat(reminder["at"]),
            reminder["message"]["recipient"],
            reminder["message"]["key"],
        )
        for reminder in call["step"]["reminders"]
    ]


def test_it_assigns_arms_the_reminders_notifies_and_waits() -> None:
    done = run(ENDED)
    assert done.status is RuntimeStatus.COMPLETED
    assert done.output == {
        "task_id": "1",
        "status": "done",
        "message": "at last",
        "assignee": "alice@example.com",
    }
    assert done.called() == [
        OPEN_TASK,
        ASSIGN_TASK,
        ARM_REMINDERS,
        SEND_NOTIFICATION,
        RECORD_STEP,
        RELEASE_ASSIGNMENT,
        FINISH_TASK,
    ]
    assert done.elapsed == HOUR
    [wanted] = done.inputs(ASSIGN_TASK)
    assert (wanted["request"]["assignee"], wanted["request"]["skills"]) == ("alice", [])
    [notification] = done.inputs(SEND_NOTIFICATION)
    assert notification["body"] == "You have been assigned task: T"
    [finish] = done.inputs(FINISH_TASK)
    assert finish["step"]["by"] == "alice"
    assert done.progress[-1].step == "done"


def test_each_step_in_the_actor_has_a_key_of_its_own() -> None:
    done = run(ENDED)
    steps = [c.input["step"]["key"] for c in done.calls if "step" in c.input]
    assert steps == [f"tracked-1:{s}" for s in ("create", "assigned", "told", "end")]


def test_the_reminders_go_to_the_assignee_and_to_the_lead() -> None:
    done = run(ENDED, due_in_seconds=600, remind_before_seconds=60)
    due = NOW + timedelta(seconds=600)
    assert armed(done) == [
        ("remind", due - timedelta(seconds=60), "alice@example.com", "tracked-1:remind"),
        ("escalate", due, "dana@example.com", "tracked-1:escalate"),
    ]


def test_the_request_can_name_the_lead_and_an_absolute_time() -> None:
    done = run(ENDED, due="2026-01-01T02:00:00+01:00", escalate_to="bob")
    assert [(name, at, who) for name, at, who, _ in armed(done)] == [
        ("remind", NOW, "alice@example.com"),
        ("escalate", NOW + HOUR, "bob"),
    ]


@pytest.mark.parametrize("due", ["0001-01-01T00:00:00+14:00", NOW.isoformat()])
def test_a_task_that_is_due_already_has_the_escalation_only(due: str) -> None:
    done = run(ENDED, due=due)
    assert [name for name, *_ in armed(done)] == ["escalate"]


def test_without_a_due_time_there_are_no_reminders() -> None:
    assert armed(run(ENDED)) == []


def test_it_waits_without_turns_until_an_event() -> None:
    waiting = run(until=5 * HOUR, due_in_seconds=60)
    assert waiting.status is RuntimeStatus.RUNNING
    assert waiting.elapsed == timedelta(0)
    assert [wait.event for wait in waiting.progress[-1].waits] == ["done", "cancel"]


def test_without_a_name_a_task_goes_to_whoever_has_the_skills() -> None:
    [wanted] = run(ENDED, assignee=" ", skills=["python"]).inputs(ASSIGN_TASK)
    assert (wanted["request"]["assignee"], wanted["request"]["skills"]) == (None, ["python"])


def test_the_assignee_reads_when_the_task_is_due() -> None:
    [notification] = run(ENDED, due_in_seconds=60).inputs(SEND_NOTIFICATION)
    assert notification["body"] == (
        "You have been assigned task: T, due at 2026-01-01T00:01:00+00:00"
    )


@pytest.mark.parametrize(
    ("kind", "reason", "message"), [("done", "comment", "Done"), ("cancel", "reason", "Cancelled")]
)
def test_an_end_without_a_word_has_one(kind: str, reason: str, message: str) -> None:
    done = run(Send(HOUR, kind, {"kind": kind, "by": "bob", reason: ""}))
    assert done.output["message"] == message


def test_it_can_be_cancelled() -> None:
    done = run(Send(HOUR, "cancel", {"kind": "cancel", "by": "bob", "reason": "off"}))
    assert (done.output["status"], done.output["message"]) == ("cancelled", "off")
    assert done.inputs(RELEASE_ASSIGNMENT) == [{"key": "tracked-1:assign"}]


def test_an_end_that_was_accepted_by_the_other_event_counts() -> None:
    """The API raises an accepted event again with the next request, which can be a cancel."""
    first = Send(HOUR, "done", {"kind": "done", "by": "alice", "comment": ""}, lost=True)
    again = Send(2 * HOUR, "cancel", {"kind": "done", "by": "alice", "comment": ""})
    assert run(first, again).output["status"] == "done"


@pytest.mark.parametrize("lost", [False, True])
def test_it_expires(lost: bool) -> None:
    late = Send(HOUR, "done", {"kind": "done", "by": "alice", "comment": ""}, lost=True)
    done = run(*([late] if lost else []))
    assert done.elapsed == timedelta(days=10)
    assert done.output["status"] == ("done" if lost else "expired")
    assert done.called()[-2:] == [RELEASE_ASSIGNMENT, FINISH_TASK]


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"title": " "}, "Missing title"),
        ({"assignee": " "}, "Missing assignee"),
        ({"due": "2026-01-11T00:00:01Z"}, "Due after 2026-01-11T00:00:00+00:00"),
        ({"due": "9999-12-31T23:59:59-14:00"}, "Due after"),
        ({"due": "2026-01-02T00:00:00Z", "due_in_seconds": 1}, "Give either"),
    ],
)
def test_an_invalid_task_is_rejected_and_recorded(request_: dict[str, Any], why: str) -> None:
    done = run(**request_)
    assert done.output["status"] == "rejected"
    assert done.output["message"].startswith(why)
    assert done.called() == [OPEN_TASK, FINISH_TASK]


def test_a_task_may_be_due_at_the_very_time_that_it_expires() -> None:
    done = run(ENDED, due="2026-01-11T00:00:00Z")
    assert done.output["status"] == "done"


def test_a_task_without_an_assignee_is_rejected() -> None:
    done = run(stubs={ASSIGN_TASK: lambda _: AssignTaskResult(refusal="all away")})
    assert (done.output["status"], done.output["message"]) == ("rejected", "all away")
    assert ARM_REMINDERS not in done.called()


@pytest.mark.parametrize("step", [ASSIGN_TASK, SEND_NOTIFICATION])
def test_a_failed_assignment_or_notification_releases_the_assignment(step: str) -> None:
    done = run(stubs={step: failing(RuntimeError, "down")})
    assert done.output["status"] == "failed"
    assert "down" in done.output["message"]
    assert done.called().count(step) == 3
    assert done.called()[-2:] == [RELEASE_ASSIGNMENT, FINISH_TASK]


def test_an_unavailable_actor_is_retried_until_it_answers() -> None:
    tries = []

    def arm(_: Any) -> None:
        tries.append(1)
        if len(tries) < 20:
            raise RuntimeError("no host")

    assert (
        run(
            Send(24 * HOUR, "done", {"kind": "done", "by": "a"}), stubs={ARM_REMINDERS: arm}
        ).output["status"]
        == "done"
    )
