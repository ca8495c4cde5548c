"""The decisions of purchase approval, for each outcome of its steps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import Run, Send, Stub, execute
from orchestrator.testing.people import PEOPLE, sent
from orchestrator.testing.replay import replay
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    CLOSE_WAIT,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
    AssignTaskResult,
    NotificationSent,
    SendNotification,
)
from orchestrator.workflows.purchase.models import VALIDATE_PURCHASE, PurchaseRequest, Terms
from orchestrator.workflows.purchase.workflow import DEFINITION

DAY = 24 * 3600
REQUEST = {"purchase_id": "1", "requester": "ann", "item": "A laptop", "amount": 100_000}


def refuses(_: Any) -> None:
    raise NonRetryableError("no such mailbox")


def refuses_key(key: str) -> Callable[[SendNotification], NotificationSent]:
    def send(step: SendNotification) -> NotificationSent:
        return refuses(step) if step.key == key else sent(step)  # type: ignore[return-value]

    return send


def stubs(**others: Stub) -> dict[str, Stub]:
    return {
        VALIDATE_PURCHASE: lambda _: Terms(limit=100_000, decide_within_seconds=DAY),
        **PEOPLE,
        **others,
    }


def decide(after: float, approved: bool = True, approver: str = "dana", **more: Any) -> Send:
    payload = {"approved": approved, "approver": approver}
    return Send(timedelta(seconds=after), "approval", payload, **more)


def run(*events: Send, stubbed: dict[str, Stub] | None = None, **request: Any) -> Run:
    purchase = PurchaseRequest.model_validate({**REQUEST, **request})
    done = execute(DEFINITION, purchase, stubbed or stubs(), events=events)
    assert done.status is RuntimeStatus.COMPLETED, done.error
    assert done.output["purchase_id"] == "1"
    assert done.unreported() == []
    assert done.progress[-1].step == done.output["status"]
    replay([DEFINITION], done.instance_id, done.history)
    return done


def notifications(done: Run) -> list[tuple[str, str]]:
    return [(s["key"], s["recipient"]) for s in done.inputs(SEND_NOTIFICATION)]


TO_APPROVER = ("purchase-1:notify", "dana@example.com")
TO_REQUESTER = ("purchase-1:tell-requester", "ann")


def test_a_purchase_below_the_limit_is_approved_at_once() -> None:
    done = run(amount=99_999)
    assert done.output["status"] == "approved"
    assert done.output["decided_by"] is None
    assert done.called() == [VALIDATE_PURCHASE, SEND_NOTIFICATION]
    assert notifications(done) == [TO_REQUESTER]


def test_a_purchase_from_the_limit_on_needs_an_approval() -> None:
    done = run(decide(60))
    assert done.output["status"] == "approved"
    assert done.output["decided_by"] == "dana"
    assert done.output["requester_told"] is True
    assert notifications(done) == [TO_APPROVER, TO_REQUESTER]
    assert done.inputs(RELEASE_ASSIGNMENT) == [{"key": "purchase-1:assign"}]
    assert done.elapsed == timedelta(seconds=60)


def test_the_wait_shows_the_approver_and_the_deadline() -> None:
    done = run(decide(60))
    [wait] = next(p.waits for p in done.progress if p.waits)
    assert wait.assigned_to == "dana@example.com"
    assert wait.until == datetime(2026, 1, 2, tzinfo=UTC)


def test_an_approver_is_assigned_by_name_or_by_skill() -> None:
    by_skill = run(decide(1)).inputs(ASSIGN_TASK)[0]["request"]
    named = run(decide(1), approver="bob").inputs(ASSIGN_TASK)[0]["request"]
    assert (by_skill["assignee"], by_skill["skills"]) == (None, ["approval"])
    assert named["assignee"] == "bob"


def test_a_rejection_is_a_result_with_its_comment() -> None:
    no = Send(timedelta(1), "approval", {"approved": False, "approver": "bo", "comment": "Why?"})
    done = run(
        no,
        stubbed=stubs(
            **{VALIDATE_PURCHASE: lambda _: Terms(limit=1, decide_within_seconds=2 * DAY)}
        ),
    )
    assert (done.output["status"], done.output["comment"]) == ("rejected", "Why?")
    assert "Why?" in done.inputs(SEND_NOTIFICATION)[-1]["body"]


def test_the_approver_is_reminded_at_half_time_and_can_decide_meanwhile() -> None:
    done = run(decide(DAY / 2 + 1))
    assert done.output["status"] == "approved"
    assert notifications(done) == [
        TO_APPROVER,
        ("purchase-1:remind-1", "dana@example.com"),
        TO_REQUESTER,
    ]
    reminder = [c for c in done.calls if c.name == SEND_NOTIFICATION][1]
    assert reminder.at == timedelta(seconds=DAY / 2)
    waiting = [p for p in done.progress if p.waits]
    assert [p.step for p in waiting] == ["approval", SEND_NOTIFICATION, "approval"]
    assert len({p.waits[0].id for p in waiting}) == 1


def test_a_reminder_that_fails_changes_nothing() -> None:
    send = refuses_key("purchase-1:remind-1")
    done = run(decide(DAY - 1), stubbed=stubs(**{SEND_NOTIFICATION: send}))
    assert done.output["status"] == "approved"


def test_a_purchase_without_a_decision_is_cancelled_at_the_deadline() -> None:
    done = run()
    assert done.output["status"] == "cancelled"
    assert done.elapsed == timedelta(seconds=DAY)
    assert done.called()[-3:] == [CLOSE_WAIT, SEND_NOTIFICATION, RELEASE_ASSIGNMENT]
    assert notifications(done)[-1] == TO_REQUESTER


def test_a_decision_after_the_deadline_is_refused() -> None:
    done = run(decide(DAY + 1))
    assert done.output["status"] == "cancelled"
    assert len(done.refused) == 1


def test_of_two_decisions_the_first_counts() -> None:
    done = run(decide(5), decide(5, approved=False, approver="bo"))
    assert (done.output["status"], done.output["decided_by"]) == ("approved", "dana")
    assert len(done.refused) == 1


def test_a_decision_that_was_accepted_before_the_deadline_counts() -> None:
    done = run(decide(DAY - 1, lost=True))
    assert done.output["status"] == "approved"
    assert CLOSE_WAIT in done.called()


def test_an_unavailable_approver_refuses_the_purchase() -> None:
    away = {ASSIGN_TASK: lambda _: AssignTaskResult(refusal="emil is away")}
    done = run(stubbed=stubs(**away))
    assert (done.output["status"], done.output["message"]) == ("refused", "emil is away")
    assert RELEASE_ASSIGNMENT not in done.called()
    assert notifications(done) == [TO_REQUESTER]


def test_an_assignment_that_fails_permanently_is_released() -> None:
    done = run(stubbed=stubs(**{ASSIGN_TASK: refuses}))
    assert done.output["status"] == "failed"
    assert done.called()[-2:] == [RELEASE_ASSIGNMENT, SEND_NOTIFICATION]


def test_an_approver_who_cannot_be_notified_has_the_assignment_released() -> None:
    send = refuses_key("purchase-1:notify")
    done = run(stubbed=stubs(**{SEND_NOTIFICATION: send}))
    assert done.output["status"] == "failed"
    assert "no such mailbox" in done.output["message"]
    assert done.called()[-2:] == [SEND_NOTIFICATION, RELEASE_ASSIGNMENT]


def test_a_requester_who_cannot_be_notified_changes_no_decision() -> None:
    send = refuses_key("purchase-1:tell-requester")
    done = run(decide(1), stubbed=stubs(**{SEND_NOTIFICATION: send}))
    assert (done.output["status"], done.output["requester_told"]) == ("approved", False)
    assert done.called()[-1] == RELEASE_ASSIGNMENT


def test_an_invalid_purchase_is_rejected() -> None:
    terms = Terms(rejection="Missing item", limit=1, decide_within_seconds=1)
    done = run(stubbed=stubs(**{VALIDATE_PURCHASE: lambda _: terms}))
    assert (done.output["status"], done.output["message"]) == ("rejected", "Missing item")
    assert ASSIGN_TASK not in done.called()


def test_a_validation_that_fails_permanently_fails_the_purchase() -> None:
    done = run(stubbed=stubs(**{VALIDATE_PURCHASE: refuses}))
    assert done.output["status"] == "failed"
