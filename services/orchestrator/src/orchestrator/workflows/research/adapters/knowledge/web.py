"""The web, by a search engine with SearXNG's JSON API.

https://docs.searxng.org/dev/search_api.html; the instance must allow the format: its settings.yml
has `search: formats: [html, json]`.
"""

from httpx import AsyncClient, codes
from pydantic import BaseModel

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.toolkit.language.port import Passage
from orchestrator.workflows.research.knowledge import shortened

# Longer URLs are not cited: most browsers and servers have a limit of about this.
MAX_URL = 2_000


class Result(BaseModel):
    """One search result."""

    url: str
    title: str = ""
    content: str | None = None


class Results(BaseModel):
    """The response to a search."""

    results: list[Result]


class WebSearch:
    """Searches by the search engine at a URL."""

    name = "web"

    def __init__(self, web: AsyncClient, url: str) -> None:
        """Reach the search engine at `url` through `web`."""
        self._web = web
        self._url = f"{url.rstrip('/')}/search"

    async def search(self, question: str, limit: int) -> list[Passage]:
        """Return titles and excerpts of the best results."""
        answer = await self._web.get(self._url, params={"q": question, "format": "json"})
        busy = answer.status_code == codes.TOO_MANY_REQUESTS or answer.is_server_error
        if not (answer.is_success or busy):
            raise NonRetryableError(f"{self._url} answered {answer.status_code}")
        answer.raise_for_status()
        found = Results.model_validate_json(answer.content).results
        return [
            Passage(source=self.name, reference=page.url, text=shortened(text))
            for page in found[:limit]
            if len(page.url) <= MAX_URL
            and (text := f"{page.title}. {page.content or ''}".strip(". "))
        ]
