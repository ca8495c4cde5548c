"""Research with fake activities, which a test has fail or refuse."""

from datetime import timedelta
from typing import Any

from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import Run, Send, execute
from orchestrator.testing.replay import replay
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
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
    """The fake activities, and which of them fail."""

    def __init__(self, *confidences: int) -> None:
        """Write drafts of these confidences; later drafts have the last of them."""
        self.confidences = list(confidences)
        self.sources = SOURCES
        self.failing: set[str] = set()
        self.broken: set[str] = set()
        self.rejection: str | None = None
        self.refusal: str | None = None
        self.error: str | None = None
        self.unreachable: set[str] = set()
        self.sources_fail_after_draft = False
        self.outages: list[Exception] = []
        """How the next drafts fail; then they are written."""

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
        assert run.unreported() == []
        assert run.progress[-1].step == run.output["status"]
        return run

    def _breaks(self, step: str) -> None:
        if step in self.broken:
            raise RuntimeError(self.error or f"{step} is broken")

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
        if self.outages:
            raise self.outages.pop()
        if self.sources_fail_after_draft:
            self.failing = set(self.sources)
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


def notified(run: Run) -> dict[str, str]:
    """Return the recipients of the notifications by their key."""
    return {n["key"]: n["recipient"] for n in run.inputs(SEND_NOTIFICATION)}
