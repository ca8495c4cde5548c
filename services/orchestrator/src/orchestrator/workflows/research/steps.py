"""What research takes and returns, and the steps that it has to itself."""

from enum import StrEnum
from typing import NamedTuple

from dapr.ext.workflow import TaskFailedError
from pydantic import BaseModel, Field

from contracts.fields import Person, RequestId, Skill
from orchestrator.toolkit.definition import Request
from orchestrator.toolkit.language.port import Passage
from orchestrator.workflows.research.knowledge import Line, Prose

PATH = "/research"
PLAN_RESEARCH = "plan_research"
SEARCH_KNOWLEDGE = "search_knowledge"
WRITE_DRAFT = "write_draft"
DELIVER_REPORT = "deliver_report"
# An error's message, as far as it is told.
TOLD = 300


class Simulate(StrEnum):
    """What is to go wrong."""

    SOURCE_FAILS = "source_fails"
    ALL_SOURCES_FAIL = "all_sources_fail"


class ResearchRequest(Request):
    """A question that is to be answered from what is known."""

    research_id: RequestId = Field(
        description="Your name for it; the instance is `research-<research_id>`"
    )
    question: Line = Field(min_length=1, max_length=500)
    requester: Person = Field(description="Who is told of the report; an id or e-mail address")
    reviewer: Person | None = Field(
        default=None, description="Who decides where the confidence is low; else by skills"
    )
    reviewer_skills: list[Skill] = Field(
        default=["research"], min_length=1, max_length=20, description="Where nobody is named"
    )
    review_seconds: int | None = Field(
        default=None,
        ge=1,
        le=31_536_000,
        description="How long the reviewer may take for a draft, where less than by the settings",
    )
    simulate: Simulate | None = Field(
        default=None, description="A source that fails for good, or all of them"
    )


class ResearchPlan(BaseModel):
    """What the first step finds out; `rejection` says why there is nothing to do."""

    rejection: str | None = None
    sources: list[str] = Field(default=[], description="Which there are, by the settings")
    review_seconds: float = Field(default=0, description="How long a reviewer may take")


class SearchKnowledge(BaseModel):
    """Ask one source."""

    source: str
    question: str
    fails: bool = Field(default=False, description="Whether it is to fail, for a simulation")


class Found(BaseModel):
    """What a source says."""

    passages: list[Passage]


class WriteDraft(BaseModel):
    """Answer the question by these passages."""

    key: str = Field(description="Under which the draft is kept; the first one stays")
    question: str
    comments: list[str]
    round: int
    passages: list[Passage]
    failed_sources: list[str]


class Draft(BaseModel):
    """What the workflow needs to know of a draft; the text is kept under the key."""

    key: str
    confidence: int
    citations: list[str]


class DeliverReport(BaseModel):
    """Make a draft the report."""

    key: str = Field(description="Under which the report is kept")
    draft: str = Field(description="Under which the draft is kept")


class Decision(StrEnum):
    """What a reviewer may say."""

    APPROVE = "approve"
    REVISE = "revise"
    REJECT = "reject"


class Review(BaseModel):
    """A reviewer's decision on a draft."""

    decision: Decision
    reviewer: Person = Field(description="Who decides; it may be another than was asked")
    comment: Prose = Field(
        default="", max_length=1_000, description="What a revision is to take into account"
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
        default={}, description="The sources that could not be asked, and why"
    )
    rounds: int = Field(default=0, description="How many drafts were written")
    reviewer: str | None = Field(default=None, description="Who decided, where somebody did")


def draft_key(instance_id: str, number: int) -> str:
    """Return the key of a round's draft."""
    return f"{instance_id}:draft:{number}"


def report_key(instance_id: str) -> str:
    """Return the key of the report that was delivered."""
    return f"{instance_id}:report"


class Verdict(NamedTuple):
    """What becomes of the drafts: the last is delivered where it is completed."""

    status: ResearchOutcome
    message: str


def told(error: TaskFailedError) -> str:
    """Return why a step failed, in short."""
    return error.details.message[:TOLD]
