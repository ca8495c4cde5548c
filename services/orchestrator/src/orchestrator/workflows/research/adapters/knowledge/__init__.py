"""The sources of knowledge that research searches."""

from httpx import AsyncClient

from orchestrator.workflows.research.adapters.knowledge.glossary import Glossary
from orchestrator.workflows.research.adapters.knowledge.handbook import Handbook
from orchestrator.workflows.research.adapters.knowledge.notes import Notes
from orchestrator.workflows.research.adapters.knowledge.web import WebSearch
from orchestrator.workflows.research.knowledge import Knowledge
from orchestrator.workflows.research.settings import ResearchSettings
from servicekit.state import StateStore

__all__ = ["Knowledge", "open_knowledge"]


def open_knowledge(
    settings: ResearchSettings, store: StateStore, web: AsyncClient
) -> list[Knowledge]:
    """Return the sources: three of this system, and the web where `search_url` is set.

    Args:
        settings: Where the search engine is, if there is one.
        store: Has the notes.
        web: Reaches the search engine.
    """
    sources: list[Knowledge] = [Handbook(), Glossary(), Notes(store)]
    if settings.search_url is not None:
        sources.append(WebSearch(web, str(settings.search_url)))
    return sources
