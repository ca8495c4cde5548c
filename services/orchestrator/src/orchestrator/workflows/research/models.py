"""The request, result and event of research, and what its steps take and return."""

from enum import StrEnum
from types import NoneType

from pydantic import BaseModel, Field, StrictInt

from contracts.fields import Person, RequestId, Skill
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.definition import Event, Request
from orchestrator.toolkit.fault_plan import ALWAYS, NO_FAULTS, Fault, FaultPlan
from orchestrator.toolkit.language.port import Passage
from orchestrator.workflows.research.knowledge import Line, Prose

PATH = "/research"
MAX_ROUNDS = 3


class ResearchFault(StrEnum):
    """The failures that a request can inject."""

    SOURCE_FAILS = "source_fails"
    ALL_SOURCES_FAIL = "all_sources_fail"


class ResearchRequest(Request):
    """A question to answer from the sources of knowledge."""

    research_id: RequestId = Field(
        description="Your name for it; the instance is `research-<research_id>`"
    )
    question: Line = Field(min_length=1, max_length=500)
    requester: Person = Field(description="Who is notified of the end; an id or e-mail address")
    reviewer: Person | None = Field(
        default=None, description="Who reviews drafts of low confidence; by default, by skills"
    )
    reviewer_skills: list[Skill] = Field(
        default=["research"], min_length=1, max_length=20, description="The skills of a reviewer"
    )
    review_seconds: StrictInt | None = Field(
        default=None,
        ge=1,
        le=31_536_000,
        description="The time for the review of a draft, where shorter than by the settings",
    )
    simulate: ResearchFault | None = Field(
        default=None, description="An injected failure of one source, or of all of them"
    )


class ResearchPlan(BaseModel):
    """The plan of the first step, or the reason of a rejection."""

    rejection: str | None = None
    sources: list[str] = Field(default=[], description="The sources, by the settings")
    review_seconds: float = Field(default=0, description="The time for the review of a draft")


class SearchKnowledge(BaseModel):
    """Search one source."""

    source: str
    question: str
    fails: bool = Field(default=False, description="Whether a failure is injected")


class Found(BaseModel):
    """The passages that a source has found."""

    passages: list[Passage]


class WriteDraft(BaseModel):
    """Answer the question by these passages."""

    key: str = Field(description="The key of the draft; the first draft under it stays")
    question: str
    comments: list[str]
    round: int
    passages: list[Passage]
    failed_sources: list[str]


class Draft(BaseModel):
    """What the workflow needs of a draft; the text is stored under the key."""

    key: str
    confidence: int
    citations: list[str]


class DeliverReport(BaseModel):
    """Make a draft the report."""

    key: str = Field(description="The key of the report")
    draft: str = Field(description="The key of the draft")


class ReviewDecision(StrEnum):
    """The decisions that a reviewer can take."""

    APPROVE = "approve"
    REVISE = "revise"
    REJECT = "reject"


class Review(BaseModel):
    """A reviewer's decision on a draft."""

    decision: ReviewDecision
    reviewer: Person = Field(description="Who decides; need not be the assignee")
    comment: Prose = Field(
        default="", max_length=1_000, description="What a revision must take into account"
    )


class ResearchOutcome(StrEnum):
    """How research ended."""

    COMPLETED = "completed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"


class ResearchResult(BaseModel):
    """How research ended, and where the report is."""

    research_id: RequestId
    status: ResearchOutcome
    message: str
    report: str | None = Field(default=None, description="The report's address, once delivered")
    confidence: int | None = Field(default=None, description="Of the last draft, in percent")
    citations: list[str] = Field(default=[], description="What the last draft rests on")
    failed_sources: dict[str, str] = Field(
        default={}, description="The sources whose search failed, and why"
    )
    rounds: int = Field(default=0, description="How many drafts were written")
    reviewer: str | None = Field(
        default=None, description="Who reviewed the last draft, if anybody did"
    )


REVIEW = Event(
    name="review",
    payload=Review,
    person_field="reviewer",
    description="A reviewer approves a draft, rejects it, or requests another one by a comment. "
    f"There are {MAX_ROUNDS} drafts at most; each has a wait of its own.",
)

PLAN_RESEARCH = ActivityRef("plan_research", ResearchRequest, ResearchPlan)
SEARCH_KNOWLEDGE = ActivityRef("search_knowledge", SearchKnowledge, Found)
WRITE_DRAFT = ActivityRef("write_draft", WriteDraft, Draft)
DELIVER_REPORT = ActivityRef("deliver_report", DeliverReport, NoneType)

# A fault at a source's name concerns that source, one at the step every source.
FAULTS = {
    None: NO_FAULTS,
    ResearchFault.SOURCE_FAILS: FaultPlan({"notes": Fault(failures=ALWAYS)}),
    ResearchFault.ALL_SOURCES_FAIL: FaultPlan({SEARCH_KNOWLEDGE: Fault(failures=ALWAYS)}),
}


def draft_key(root: str, number: int) -> str:
    """Return the key of the draft of a round."""
    return f"{root}:draft:{number}"


def report_key(root: str) -> str:
    """Return the key of the delivered report."""
    return f"{root}:report"
