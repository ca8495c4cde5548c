"""The routes of an application, for each way that its steps can end."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.assigner import Assignment, AssignmentStatus
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import Run, execute
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
    AssignTask,
    AssignTaskResult,
    NotificationSent,
    SendNotification,
)
from orchestrator.workflows.application.models import SCREEN_APPLICATION, ApplicationRequest, Route
from orchestrator.workflows.application.screening import Thresholds
from orchestrator.workflows.application.workflow import DEFINITION, route_of

THRESHOLDS = Thresholds(high=70, medium=40)
SAMPLES = {name: sample.request for name, sample in DEFINITION.samples.items()}


@pytest.mark.parametrize(
    ("points", "route"),
    [(0, Route.LOW), (39, Route.LOW), (40, Route.MEDIUM), (69, Route.MEDIUM), (70, Route.HIGH)],
)
def test_the_thresholds_belong_to_the_higher_route(points: int, route: Route) -> None:
    assert route_of(points, THRESHOLDS) is route


def assigned(step: AssignTask) -> AssignTaskResult:
    assignment = Assignment(
        key=step.key,
        title=step.request.title,
        member_id="farah",
        name="Farah Aziz",
        email="farah@example.com",
        status=AssignmentStatus.HELD,
        assigned_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    return AssignTaskResult(assignment=assignment)


def apply(points: int = 80, rejection: str | None = None, **stubs: Any) -> Run:
    scored = {"score": points, "hits": [], "missing": []}
    screening = {
        "title": "Backend Engineer",
        "thresholds": THRESHOLDS.model_dump(),
        "score": scored,
    }
    good: dict[str, Any] = {
        SCREEN_APPLICATION: lambda _: {"rejection": rejection} if rejection else screening,
        ASSIGN_TASK: assigned,
        SEND_NOTIFICATION: notified,
        RELEASE_ASSIGNMENT: lambda _: None,
    }
    request = ApplicationRequest.model_validate(SAMPLES["high"])
    done = execute(DEFINITION, request, good | stubs)
    assert done.unreported() == []
    assert done.progress[-1].step == done.output["status"]
    return done


def notified(step: SendNotification) -> NotificationSent:
    return NotificationSent(key=step.key)


def fails(*recipients: str) -> Any:
    def send(step: SendNotification) -> NotificationSent:
        if step.recipient in recipients:
            raise RuntimeError("no such mailbox")
        return NotificationSent(key=step.key)

    return send


@pytest.mark.parametrize(
    ("points", "status", "task"),
    [
        (80, "interview", "Interview Noor Haddad for Backend Engineer"),
        (50, "review", "Review the application of Noor Haddad for Backend Engineer"),
    ],
)
def test_high_and_medium_are_assigned_and_both_sides_notified(
    points: int, status: str, task: str
) -> None:
    done = apply(points)
    assert done.status is RuntimeStatus.COMPLETED
    assert (done.output["status"], done.output["recruiter"]) == (status, "farah@example.com")
    assert done.output["message"] == f"{points} points: {status}, with farah@example.com"
    assert done.output["candidate_told"] is True
    [assignment] = done.inputs(ASSIGN_TASK)
    assert assignment["key"] == "application-1:assign"
    assert (assignment["request"]["title"], assignment["request"]["skills"]) == (
        task,
        ["recruiting"],
    )
    messages = done.inputs(SEND_NOTIFICATION)
    assert [(m["key"], m["recipient"]) for m in messages] == [
        ("application-1:recruiter", "farah@example.com"),
        ("application-1:candidate", "noor@example.com"),
    ]
    assert "Farah Aziz" in messages[1]["body"]


def test_low_is_declined_without_an_assignment() -> None:
    done = apply(39)
    assert (done.output["status"], done.output["recruiter"]) == ("declined", None)
    assert done.called() == [SCREEN_APPLICATION, SEND_NOTIFICATION]
    [message] = done.inputs(SEND_NOTIFICATION)
    assert "Thank you" in message["body"]


def test_a_rejected_application_has_no_effect() -> None:
    done = apply(rejection="Unknown position: x")
    assert (done.output["status"], done.output["message"]) == ("rejected", "Unknown position: x")
    assert done.called() == [SCREEN_APPLICATION]


def test_without_a_recruiter_the_candidate_is_not_notified() -> None:
    done = apply(assign_task=lambda _: AssignTaskResult(refusal="All are away"))
    assert (done.output["status"], done.output["message"]) == ("failed", "All are away")
    assert done.called() == [SCREEN_APPLICATION, ASSIGN_TASK]


def test_a_permanent_failure_of_the_assigner_releases_the_assignment() -> None:
    def down(_: Any) -> None:
        raise RuntimeError("down")

    done = apply(assign_task=down)
    assert (done.output["status"], done.output["message"]) == ("failed", "Assignment failed: down")
    assert done.called()[-1] == RELEASE_ASSIGNMENT


def test_a_failed_notification_of_the_recruiter_releases_the_assignment() -> None:
    done = apply(send_notification=fails("farah@example.com"))
    assert done.output["status"] == "failed"
    assert done.output["recruiter"] is None
    assert "released: no such mailbox" in done.output["message"]
    assert done.inputs(RELEASE_ASSIGNMENT) == [{"key": "application-1:assign"}]
    assert {m["recipient"] for m in done.inputs(SEND_NOTIFICATION)} == {"farah@example.com"}


def test_a_failed_notification_of_the_candidate_changes_no_decision() -> None:
    done = apply(send_notification=fails("noor@example.com"))
    assert (done.output["status"], done.output["candidate_told"]) == ("interview", False)
    assert done.output["message"].endswith("the candidate could not be notified: no such mailbox")
    assert RELEASE_ASSIGNMENT not in done.called()
