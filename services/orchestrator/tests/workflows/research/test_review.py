"""The review of drafts: reviewers, decisions, revisions and time limits."""

from datetime import timedelta

from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    CLOSE_WAIT,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
)
from orchestrator.workflows.research.models import DELIVER_REPORT
from workflows.research.world import REVIEW_SECONDS, World, notified, review


def test_a_draft_of_low_confidence_is_approved_by_a_reviewer() -> None:
    run = World(79).run(review("approve"), reviewer="Bob")
    assert run.output["status"] == "completed"
    assert run.output["message"] == "Approved by bob"
    assert run.output["reviewer"] == "bob"
    assert notified(run) == {"research-1:review:1": "bob@x.org", "research-1:notify": "ann@x.org"}
    assert run.inputs(ASSIGN_TASK)[0]["request"]["assignee"] == "bob"
    assert run.inputs(RELEASE_ASSIGNMENT) == [{"key": "research-1:assign"}]
    [wait] = next(p.waits for p in run.progress if p.step == "review")
    assert (wait.event, wait.assigned_to) == ("review", "bob@x.org")


def test_a_reviewer_is_found_by_skill() -> None:
    run = World(0).run(review("approve"))
    wanted = run.inputs(ASSIGN_TASK)[0]["request"]
    assert (wanted["assignee"], wanted["skills"]) == (None, ["research"])


def test_each_draft_has_a_wait_of_its_own() -> None:
    run = World(10).run(review("revise", after=60), review("approve", after=120))
    waits = {wait.id for progress in run.progress for wait in progress.waits}
    assert len(waits) == 2


def test_a_repeated_decision_counts_for_its_own_draft_only() -> None:
    run = World(10).run(review("revise"), review("revise"), review("approve", after=120))
    assert run.output["rounds"] == 2


def test_the_number_of_drafts_is_bounded() -> None:
    run = World(10).run(*(review("revise", f"c{i}", after=60 * i) for i in (1, 2, 3)))
    assert run.output["status"] == "rejected"
    assert run.output["message"] == "Not good enough after 3 drafts, by bob: c3"
    assert run.output["rounds"] == 3
    assert run.inputs(DELIVER_REPORT) == []
    assert notified(run)["research-1:notify"] == "ann@x.org"


def test_a_rejected_draft_is_not_delivered() -> None:
    run = World(10).run(review("reject", "nonsense"))
    assert (run.output["status"], run.output["report"]) == ("rejected", None)
    assert run.output["message"] == "Rejected by bob: nonsense"
    assert DELIVER_REPORT not in run.called()
    assert RELEASE_ASSIGNMENT in run.called()


def test_without_a_decision_it_expires() -> None:
    run = World(10).run()
    assert run.output["status"] == "expired"
    assert run.elapsed == timedelta(seconds=REVIEW_SECONDS)
    assert run.called()[-3:] == [CLOSE_WAIT, RELEASE_ASSIGNMENT, SEND_NOTIFICATION]


def test_a_decision_that_was_accepted_before_the_timeout_counts() -> None:
    run = World(10).run(review("approve", after=REVIEW_SECONDS - 1, lost=True))
    assert run.output["status"] == "completed"


def test_each_draft_has_the_whole_time_for_its_review() -> None:
    run = World(10).run(review("revise", after=REVIEW_SECONDS - 10))
    assert run.output["status"] == "expired"
    assert run.elapsed == timedelta(seconds=2 * REVIEW_SECONDS - 10)


def test_it_fails_without_a_reviewer() -> None:
    world = World(10)
    world.refusal = "Bob is away"
    run = world.run()
    assert run.output["status"] == "failed"
    assert run.output["message"] == "Nobody can review the draft: Bob is away"


def test_a_failed_notification_of_the_reviewer_releases_the_assignment() -> None:
    world = World(10)
    world.unreachable = {"bob@x.org"}
    run = world.run()
    assert run.output["status"] == "failed"
    assert "bob@x.org could not be notified of draft 1: no such mailbox" in run.output["message"]
    assert run.called().count(RELEASE_ASSIGNMENT) == 1


def test_a_decision_counts_although_the_notification_failed() -> None:
    world = World(10)
    world.unreachable = {"bob@x.org"}
    assert world.run(review("approve", after=2)).output["status"] == "completed"
