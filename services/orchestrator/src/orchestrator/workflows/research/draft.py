"""A round of research: search every source in parallel, and write a draft from the passages."""

from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.language.port import Passage
from orchestrator.toolkit.lives import key_root
from orchestrator.toolkit.progress import report
from orchestrator.workflows.research.models import (
    FAULTS,
    SEARCH_KNOWLEDGE,
    WRITE_DRAFT,
    Draft,
    ResearchOutcome,
    ResearchPlan,
    ResearchRequest,
    ResearchResult,
    SearchKnowledge,
    WriteDraft,
    draft_key,
)
from orchestrator.workflows.research.steps import Verdict, format_error


def write_draft(
    ctx: DaprWorkflowContext,
    request: ResearchRequest,
    plan: ResearchPlan,
    result: ResearchResult,
    comments: list[str],
) -> Generator[Task[Any], Any, Verdict | None]:
    """Write the next draft, and update `result` by it.

    A source that fails is left out, as long as there is another.

    Returns:
        Why there is no draft; None where there is one.
    """
    result.rounds += 1
    passages, result.failed_sources = yield from _search(ctx, request, plan, comments)
    if len(result.failed_sources) == len(plan.sources):
        reasons = "; ".join(f"{source}: {why}" for source, why in result.failed_sources.items())
        # The words of a recorded history.
        return Verdict(ResearchOutcome.FAILED, f"No source could be asked: {reasons}")
    try:
        draft = yield from _write(ctx, request, passages, result, comments)
    except TaskFailedError as error:
        return Verdict(ResearchOutcome.FAILED, f"No draft was written: {format_error(error)}")
    result.confidence, result.citations = draft.confidence, draft.citations
    return None


def _search(
    ctx: DaprWorkflowContext, request: ResearchRequest, plan: ResearchPlan, comments: list[str]
) -> Generator[Task[Any], Any, tuple[list[Passage], dict[str, str]]]:
    """Search every source in parallel; return the passages, and which failed and why."""
    report(ctx, SEARCH_KNOWLEDGE, f"Searching {', '.join(plan.sources)}")
    question = " ".join([request.question, *comments])
    faults = FAULTS[request.simulate]
    all_fail = faults.at(SEARCH_KNOWLEDGE).fails()
    # All are scheduled before the first is awaited, so they run in parallel. when_all would lose
    # what succeeded where one fails.
    searches: dict[str, Task[Any]] = {
        source: SEARCH_KNOWLEDGE.schedule(
            ctx,
            SearchKnowledge(
                source=source, question=question, fails=all_fail or faults.at(source).fails()
            ),
        )
        for source in plan.sources
    }
    passages: list[Passage] = []
    failed: dict[str, str] = {}
    for source, search in searches.items():
        try:
            passages += SEARCH_KNOWLEDGE.parse((yield search)).passages
        except TaskFailedError as error:
            failed[source] = format_error(error)
    return passages, failed


def _write(
    ctx: DaprWorkflowContext,
    request: ResearchRequest,
    passages: list[Passage],
    result: ResearchResult,
    comments: list[str],
) -> Generator[Task[Any], Any, Draft]:
    report(ctx, WRITE_DRAFT, f"Writing draft {result.rounds} from {len(passages)} passages")
    step = WriteDraft(
        key=draft_key(key_root(ctx), result.rounds),
        question=request.question,
        comments=comments,
        round=result.rounds,
        passages=passages,
        failed_sources=list(result.failed_sources),
    )
    return (yield from WRITE_DRAFT.call(ctx, step))
