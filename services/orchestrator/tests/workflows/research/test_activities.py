"""The activities of research over the real sources: retries, crashes and failures."""

from typing import Any

import pytest

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.testing.dependencies import activity_dependencies
from orchestrator.toolkit.fault_injection import InjectedFailure
from orchestrator.toolkit.language.settings import LanguageSettings
from orchestrator.workflows.research.activities import activities
from orchestrator.workflows.research.adapters.reports import Reports
from orchestrator.workflows.research.models import (
    DELIVER_REPORT,
    PLAN_RESEARCH,
    SEARCH_KNOWLEDGE,
    WRITE_DRAFT,
    DeliverReport,
    Draft,
    ResearchPlan,
    ResearchRequest,
    SearchKnowledge,
    WriteDraft,
)
from orchestrator.workflows.research.settings import ResearchSettings
from orchestrator.workflows.research.workflow import DEFINITION, ENOUGH
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore


class Steps:
    """The activities over one store."""

    def __init__(self, store: MemoryStateStore, **settings: Any) -> None:
        """Keep everything in `store`."""
        own = ResearchSettings(**settings)
        self._activities = activities(activity_dependencies(own, LanguageSettings(), store=store))

    async def __call__(self, name: str, step: Any) -> Any:
        return await self._activities[name](None, step)


def asked(**fields: Any) -> ResearchRequest:
    return ResearchRequest(
        **{"research_id": "1", "question": "What is a saga?", "requester": "ann", **fields}
    )


async def draft_of(steps: Steps, question: str, sources: list[str], key: str = "k") -> Draft:
    passages = []
    for source in sources:
        found = await steps(SEARCH_KNOWLEDGE, SearchKnowledge(source=source, question=question))
        passages += found.passages
    step = WriteDraft(
        key=key, question=question, comments=[], round=1, passages=passages, failed_sources=[]
    )
    return await steps(WRITE_DRAFT, step)  # type: ignore[no-any-return]


@pytest.mark.parametrize("question", ["???", "  ", "who is it?"])
async def test_a_question_of_stop_words_is_rejected(question: str) -> None:
    plan: ResearchPlan = await Steps(MemoryStateStore())(PLAN_RESEARCH, asked(question=question))
    assert plan.rejection is not None


@pytest.mark.parametrize(("wanted", "given"), [(None, 60), (5, 5), (600, 60)])
async def test_a_request_can_only_shorten_the_time_for_a_review(
    wanted: int | None, given: int
) -> None:
    steps = Steps(MemoryStateStore(), research_review_seconds=60)
    plan: ResearchPlan = await steps(PLAN_RESEARCH, asked(review_seconds=wanted))
    assert plan.review_seconds == given
    assert plan.sources == ["handbook", "glossary", "notes"]


async def test_a_source_fails_by_injection_and_an_unknown_one_permanently() -> None:
    steps = Steps(MemoryStateStore())
    with pytest.raises(InjectedFailure):
        await steps(SEARCH_KNOWLEDGE, SearchKnowledge(source="notes", question="q", fails=True))
    with pytest.raises(NonRetryableError):
        await steps(SEARCH_KNOWLEDGE, SearchKnowledge(source="oracle", question="q"))


async def test_the_samples_need_a_review_where_they_wait_for_one() -> None:
    steps = Steps(MemoryStateStore())
    for name, sample in DEFINITION.samples.items():
        # The notes are what the sample that does without one source does without.
        draft = await draft_of(
            steps, sample.request["question"], ["handbook", "glossary"], key=name
        )
        asks = bool(sample.events) or "review_seconds" in sample.request
        assert (draft.confidence < ENOUGH) is asks, name


async def test_the_first_draft_under_a_key_stays() -> None:
    store = MemoryStateStore()
    steps = Steps(store)
    first = await draft_of(steps, "What is a saga?", ["handbook", "glossary"])
    again = await draft_of(steps, "What is a saga?", [])
    assert again == first
    assert first.citations


async def test_a_draft_answers_the_comments_as_well() -> None:
    steps = Steps(MemoryStateStore())
    found = await steps(
        SEARCH_KNOWLEDGE, SearchKnowledge(source="handbook", question="saga jitter")
    )
    step = WriteDraft(
        key="k",
        question="What is a saga?",
        comments=["Tell of jitter"],
        round=2,
        passages=found.passages,
        failed_sources=[],
    )
    draft: Draft = await steps(WRITE_DRAFT, step)
    assert "handbook/backoff#jitter" in draft.citations


@pytest.mark.parametrize("lands", [True, False])
async def test_writing_and_delivering_can_be_retried_after_a_crash(lands: bool) -> None:
    store = MemoryStateStore()
    steps = Steps(store)
    store.crash_lands = lands
    deliver = DeliverReport(key="r", draft="k")
    for crash in (lambda: draft_of(steps, "What is a saga?", ["handbook"]),
                  lambda: steps(DELIVER_REPORT, deliver)):  # fmt: skip
        store.writes_until_crash = 0
        with pytest.raises(StoreUnavailable):
            await crash()
        store.writes_until_crash = None
        await crash()
    report = await Reports(store).find("r")
    assert report is not None
    assert report == await Reports(store).find("k")


async def test_a_report_is_delivered_once() -> None:
    store = MemoryStateStore()
    steps = Steps(store)
    await draft_of(steps, "What is a saga?", ["handbook"], key="one")
    await draft_of(steps, "What is jitter?", ["handbook"], key="two")
    await steps(DELIVER_REPORT, DeliverReport(key="r", draft="one"))
    await steps(DELIVER_REPORT, DeliverReport(key="r", draft="two"))
    report = await Reports(store).find("r")
    assert report is not None
    assert report.question == "What is a saga?"


async def test_a_missing_draft_cannot_be_delivered() -> None:
    with pytest.raises(NonRetryableError):
        await Steps(MemoryStateStore())(DELIVER_REPORT, DeliverReport(key="r", draft="none"))
