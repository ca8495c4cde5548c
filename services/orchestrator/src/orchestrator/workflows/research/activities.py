"""The activities of research: search the sources, write a draft, deliver it."""

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.fault_injection import InjectedFailure
from orchestrator.toolkit.language.factory import open_language
from orchestrator.toolkit.language.sentences import terms_of
from orchestrator.toolkit.language.settings import LanguageSettings
from orchestrator.workflows.research.adapters.knowledge import open_knowledge
from orchestrator.workflows.research.adapters.reports import Report, Reports
from orchestrator.workflows.research.knowledge import MAX_PASSAGES
from orchestrator.workflows.research.models import (
    DELIVER_REPORT,
    PLAN_RESEARCH,
    SEARCH_KNOWLEDGE,
    WRITE_DRAFT,
    DeliverReport,
    Draft,
    Found,
    ResearchPlan,
    ResearchRequest,
    SearchKnowledge,
    WriteDraft,
)
from orchestrator.workflows.research.settings import ResearchSettings


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities of research."""
    settings = dependencies.workflow_settings.of(ResearchSettings)
    language = open_language(dependencies.workflow_settings.of(LanguageSettings), dependencies.web)
    knowledge = open_knowledge(settings, dependencies.store, dependencies.web)
    sources = {source.name: source for source in knowledge}
    reports = Reports(dependencies.store)

    async def plan_research(_: WorkflowActivityContext, request: ResearchRequest) -> ResearchPlan:
        """Return the sources, and the time for a review, by the settings."""
        if not terms_of(request.question):
            return ResearchPlan(rejection="The question has no word to search for")
        longest = settings.research_review_seconds
        wanted = request.review_seconds
        return ResearchPlan(
            sources=list(sources),
            review_seconds=longest if wanted is None else min(longest, wanted),
        )

    async def search_knowledge(_: WorkflowActivityContext, step: SearchKnowledge) -> Found:
        """Search one source."""
        if step.fails:
            raise InjectedFailure(f"source {step.source}")
        source = sources.get(step.source)
        if source is None:
            raise NonRetryableError(f"There is no source {step.source} any more")
        return Found(passages=await source.search(step.question, MAX_PASSAGES))

    async def write_draft(_: WorkflowActivityContext, step: WriteDraft) -> Draft:
        """Answer the question by the passages, unless there is a draft under the key."""
        draft = await reports.find(step.key)
        if draft is None:
            question = "\n".join([step.question, *step.comments])
            written = await language.synthesise(question, step.passages)
            draft = await reports.keep(
                step.key,
                Report(
                    question=step.question,
                    text=written.text,
                    citations=written.citations,
                    confidence=written.confidence,
                    round=step.round,
                    comments=step.comments,
                    failed_sources=step.failed_sources,
                ),
            )
        return Draft(key=step.key, confidence=draft.confidence, citations=draft.citations)

    async def deliver_report(_: WorkflowActivityContext, step: DeliverReport) -> None:
        """Store a draft as the report."""
        draft = await reports.find(step.draft)
        if draft is None:
            raise NonRetryableError(f"There is no draft {step.draft}")
        await reports.keep(step.key, draft)

    return {
        PLAN_RESEARCH: plan_research,
        SEARCH_KNOWLEDGE: search_knowledge,
        WRITE_DRAFT: write_draft,
        DELIVER_REPORT: deliver_report,
    }
