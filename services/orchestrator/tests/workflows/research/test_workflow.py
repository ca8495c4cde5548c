"""What research decides, by the clock of its history."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.orchestrator import RuntimeStatus
from orchestrator.testing.environment import Run, Send, execute
from orchestrator.testing.replay import replay
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    CLOSE_WAIT,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
    AssignTask,
    SendNotification,
)
from orchestrator.workflows.research.models import (
    DELIVER_REPORT,
    PLAN_RESEARCH,
    SEARCH_KNOWLEDGE,
    WRITE_DRAFT,
    DeliverReport,
    ResearchPlan,
    ResearchRequest,
    SearchKnowledge,
    WriteDraft,
)
from orchestrator.workflows.research.workflow import DEFINITION

SOURCES = ["handbook", "glossary", "notes"]
REVIEW_SECONDS = 3600


class World:
    """What the steps of research do, and what of it is to go wrong."""

    def __init__(self, *confidences: int) -> None:
        """Write drafts of these confidences; the last is that of all later ones, too."""
        self.confidences = list(confidences)
        self.sources = SOURCES
        self.failing: set[str] = set()
        self.broken: set[str] = set()
        self.rejection: str | None = None
        self.refusal: str | None = None
        self.unreachable: set[str] = set()

    def run(self, *events: Send, **request: Any) -> Run:
        """Run an instance to its end; its history must replay."""
        asked = ResearchRequest(
            **{"research_id": "1", "question": "Why?", "requester": "ann@x.org", **request}
        )
        stubs = {
            PLAN_RESEARCH: self._plan,
            SEARCH_KNOWLEDGE: self._search,
            WRITE_DRAFT: self._write,
            DELIVER_REPORT: self._deliver,
            ASSIGN_TASK: self._assign,
            RELEASE_ASSIGNMENT: lambda _: None,
            SEND_NOTIFICATION: self._notify,
        }
        run = execute(DEFINITION, asked, stubs, events=events)
        assert run.status is RuntimeStatus.COMPLETED, run.error
        replay([DEFINITION], run.instance_id, run.history)
        return run

    def _breaks(self, step: str) -> None:
        if step in self.broken:
            raise RuntimeError(f"{step} is broken")

    def _plan(self, _: ResearchRequest) -> ResearchPlan:
        self._breaks(PLAN_RESEARCH)
        return ResearchPlan(
            rejection=self.rejection, sources=self.sources, review_seconds=REVIEW_SECONDS
        )

    def _search(self, step: SearchKnowledge) -> dict[str, Any]:
        if step.fails or step.source in self.failing:
            raise RuntimeError(f"{step.source} is down")
        passage = {"source": step.source, "reference": f"{step.source}/1", "text": "Because."}
        return {"passages": [passage]}

    def _write(self, step: WriteDraft) -> dict[str, Any]:
        self._breaks(WRITE_DRAFT)
        confidence = self.confidences[min(step.round, len(self.confidences)) - 1]
        citations = [passage.reference for passage in step.passages]
        return {"key": step.key, "confidence": confidence, "citations": citations}

    def _deliver(self, _: DeliverReport) -> None:
        self._breaks(DELIVER_REPORT)

    def _assign(self, step: AssignTask) -> dict[str, Any]:
        self._breaks(ASSIGN_TASK)
        if self.refusal:
            return {"refusal": self.refusal}
        assignment = {
            "key": step.key,
            "title": step.request.title,
            "member_id": "bob",
            "name": "Bob",
            "email": "bob@x.org",
            "status": "held",
            "assigned_at": "2026-01-01T00:00:00Z",
        }
        return {"assignment": assignment}

    def _notify(self, step: SendNotification) -> dict[str, Any]:
        if step.recipient in self.unreachable:
            raise RuntimeError("no such mailbox")
        return {"key": step.key}


def review(decision: str, comment: str = "", *, after: float = 60, lost: bool = False) -> Send:
    payload = {"decision": decision, "reviewer": "bob", "comment": comment}
    return Send(timedelta(seconds=after), "review", payload, lost)


def told(run: Run) -> dict[str, str]:
    """Return who was told, by the notification's key."""
    return {n["key"]: n["recipient"] for n in run.inputs(SEND_NOTIFICATION)}


def test_a_confident_answer_asks_nobody() -> None:
    run = World(80).run()
    assert run.output == {
        "research_id": "1",
        "status": "completed",
        "message": "The confidence is 80 %",
        "report": "/research/research-1/report",
        "confidence": 80,
        "citations": ["handbook/1", "glossary/1", "notes/1"],
        "failed_sources": {},
        "rounds": 1,
        "reviewer": None,
    }
    assert told(run) == {"research-1:notify": "ann@x.org"}
    assert "/research/research-1/report" in run.inputs(SEND_NOTIFICATION)[0]["body"]
    assert run.inputs(DELIVER_REPORT) == [
        {"key": "research-1:report", "draft": "research-1:draft:1"}
    ]


def test_the_sources_are_asked_at_once() -> None:
    run = World(80).run()
    assert run.called()[1:4] == [SEARCH_KNOWLEDGE] * 3
    assert [step["source"] for step in run.inputs(SEARCH_KNOWLEDGE)] == SOURCES


def test_a_doubtful_answer_is_approved_by_a_person() -> None:
    run = World(79).run(review("approve"), reviewer="Bob")
    assert run.output["status"] == "completed"
    assert run.output["message"] == "Approved by bob"
    assert run.output["reviewer"] == "bob"
    assert told(run) == {"research-1:review:1": "bob@x.org", "research-1:notify": "ann@x.org"}
    assert run.inputs(ASSIGN_TASK)[0]["request"]["assignee"] == "bob"
    assert run.inputs(RELEASE_ASSIGNMENT) == [{"key": "research-1:assign"}]
    [wait] = next(p.waits for p in run.progress if p.step == "review")
    assert (wait.event, wait.assigned_to) == ("review", "bob@x.org")


def test_a_reviewer_is_found_by_skill() -> None:
    run = World(0).run(review("approve"))
    wanted = run.inputs(ASSIGN_TASK)[0]["request"]
    assert (wanted["assignee"], wanted["skills"]) == (None, ["research"])


def test_a_revision_searches_and_writes_by_the_comment() -> None:
    run = World(10, 95).run(
        review("revise", "more on costs", after=60), review("approve", after=120)
    )
    assert run.output["status"] == "completed"
    assert run.output["rounds"] == 2
    assert run.output["confidence"] == 95
    assert [step["question"] for step in run.inputs(SEARCH_KNOWLEDGE)] == [
        *["Why?"] * 3,
        *["Why? more on costs"] * 3,
    ]
    assert [step["comments"] for step in run.inputs(WRITE_DRAFT)] == [[], ["more on costs"]]
    assert run.inputs(DELIVER_REPORT)[0]["draft"] == "research-1:draft:2"
    assert len(run.inputs(ASSIGN_TASK)) == len(run.inputs(RELEASE_ASSIGNMENT)) == 1
    assert list(told(run)) == ["research-1:review:1", "research-1:review:2", "research-1:notify"]


def test_each_draft_is_waited_for_anew() -> None:
    run = World(10).run(review("revise", after=60), review("approve", after=120))
    waits = {wait.id for progress in run.progress for wait in progress.waits}
    assert len(waits) == 2


def test_a_decision_that_comes_twice_counts_for_its_own_draft_alone() -> None:
    run = World(10).run(review("revise"), review("revise"), review("approve", after=120))
    assert run.output["rounds"] == 2


def test_after_three_drafts_there_is_no_other() -> None:
    run = World(10).run(*(review("revise", f"c{i}", after=60 * i) for i in (1, 2, 3)))
    assert run.output["status"] == "rejected"
    assert run.output["message"] == "Not good enough after 3 drafts, by bob: c3"
    assert run.output["rounds"] == 3
    assert run.inputs(DELIVER_REPORT) == []
    assert told(run)["research-1:notify"] == "ann@x.org"


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


def test_a_decision_that_was_accepted_in_the_last_moment_counts() -> None:
    run = World(10).run(review("approve", after=REVIEW_SECONDS - 1, lost=True))
    assert run.output["status"] == "completed"


def test_each_draft_has_the_whole_time() -> None:
    run = World(10).run(review("revise", after=REVIEW_SECONDS - 10))
    assert run.output["status"] == "expired"
    assert run.elapsed == timedelta(seconds=2 * REVIEW_SECONDS - 10)


def test_a_source_that_fails_is_done_without() -> None:
    run = World(90).run(simulate="source_fails")
    assert run.output["status"] == "completed"
    assert run.output["failed_sources"] == {"notes": "notes is down"}
    assert run.output["citations"] == ["handbook/1", "glossary/1"]
    assert run.inputs(WRITE_DRAFT)[0]["failed_sources"] == ["notes"]
    attempts = [c.at.total_seconds() for c in run.calls if c.input.get("source") == "notes"]
    assert attempts == [0, 1, 3]


def test_the_first_source_may_fail_as_well() -> None:
    world = World(90)
    world.failing = {"handbook"}
    assert world.run().output["citations"] == ["glossary/1", "notes/1"]


@pytest.mark.parametrize("sources", [SOURCES, [*SOURCES, "web"]])
def test_without_any_source_it_fails_and_says_why(sources: list[str]) -> None:
    world = World(90)
    world.sources = sources
    run = world.run(simulate="all_sources_fail")
    assert run.output["status"] == "failed"
    assert all(f"{source}: {source} is down" in run.output["message"] for source in sources)
    assert WRITE_DRAFT not in run.called()
    assert told(run) == {"research-1:notify": "ann@x.org"}


def test_sources_that_fail_during_a_revision_end_it() -> None:
    world = World(10)
    write = world._write

    def _write(step: WriteDraft) -> dict[str, Any]:
        world.failing = set(SOURCES)
        return write(step)

    world._write = _write  # type: ignore[method-assign]
    run = world.run(review("revise"))
    assert run.output["status"] == "failed"
    assert RELEASE_ASSIGNMENT in run.called()


def test_a_question_without_words_is_rejected() -> None:
    world = World(90)
    world.rejection = "no word"
    run = world.run()
    assert (run.output["status"], run.output["message"]) == ("rejected", "no word")
    assert run.called() == [PLAN_RESEARCH]


def test_where_nobody_can_review_it_fails() -> None:
    world = World(10)
    world.refusal = "Bob is away"
    run = world.run()
    assert run.output["status"] == "failed"
    assert run.output["message"] == "Nobody can review the draft: Bob is away"


def test_a_reviewer_who_cannot_be_told_holds_nothing() -> None:
    world = World(10)
    world.unreachable = {"bob@x.org"}
    run = world.run()
    assert run.output["status"] == "failed"
    assert "bob@x.org could not be notified of draft 1: no such mailbox" in run.output["message"]
    assert run.called().count(RELEASE_ASSIGNMENT) == 1


def test_a_decision_counts_even_if_the_reviewer_was_not_told() -> None:
    world = World(10)
    world.unreachable = {"bob@x.org"}
    assert world.run(review("approve", after=2)).output["status"] == "completed"


def test_a_requester_who_cannot_be_told_still_has_the_report() -> None:
    world = World(90)
    world.unreachable = {"ann@x.org"}
    run = world.run()
    assert run.output["status"] == "completed"
    assert run.output["report"]
    assert "ann@x.org could not be notified: no such mailbox" in run.output["message"]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (PLAN_RESEARCH, "It could not be planned"),
        (WRITE_DRAFT, "No draft was written"),
        (ASSIGN_TASK, "Nobody can review the draft"),
        (DELIVER_REPORT, "It could not be kept"),
    ],
)
def test_a_step_that_fails_for_good_ends_it_as_failed(broken: str, said: str) -> None:
    world = World(95 if broken == DELIVER_REPORT else 10)
    world.broken = {broken}
    run = world.run()
    assert run.output["status"] == "failed"
    assert run.output["message"].startswith(f"{said}: ")
    assert f"{broken} is broken" in run.output["message"]
    assert run.output["report"] is None
