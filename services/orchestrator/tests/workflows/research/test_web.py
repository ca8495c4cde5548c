"""The search of the web by a search engine."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import ValidationError

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.workflows.research.adapters.knowledge import open_knowledge
from orchestrator.workflows.research.adapters.knowledge.web import WebSearch
from orchestrator.workflows.research.knowledge import MAX_CHARACTERS, MAX_PASSAGES
from orchestrator.workflows.research.settings import ResearchSettings
from servicekit.testing import MemoryStateStore


class Engine:
    """A search engine that answers as a test sets it."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self.asked: list[dict[str, list[str]]] = []
        self.status = 200
        self.body = b'{"results": []}'
        engine = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address = urlsplit(self.path)
                engine.asked.append({"path": [address.path], **parse_qs(address.query)})
                self.send_response(engine.status)
                self.end_headers()
                self.wfile.write(engine.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/searx/"


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    thread = Thread(target=engine.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield engine
    engine.server.shutdown()
    thread.join()
    engine.server.server_close()


async def asked(engine: Engine, limit: int = MAX_PASSAGES) -> list[tuple[str, str]]:
    async with httpx.AsyncClient(trust_env=False) as web:
        found = await WebSearch(web, engine.url).search("what & why?", limit)
    assert all(passage.source == "web" for passage in found)
    return [(passage.reference, passage.text) for passage in found]


async def test_the_web_search_follows_the_api_of_searxng(engine: Engine) -> None:
    engine.body = json.dumps(
        {
            "query": "what & why?",
            "results": [
                {"url": "https://a.org/1", "title": "A", "content": "About a", "score": 1.0},
                {"url": "https://a.org/2", "title": "B", "content": None},
                {"url": "https://a.org/3", "title": "", "content": ""},
                {"url": "https://a.org/" + "x" * 3_000, "title": "Long"},
                {"url": "https://a.org/5", "title": "E", "content": "long " * 1_000},
            ],
        }
    ).encode()
    found = await asked(engine)
    assert engine.asked == [{"path": ["/searx/search"], "q": ["what & why?"], "format": ["json"]}]
    assert found[:2] == [("https://a.org/1", "A. About a"), ("https://a.org/2", "B")]
    assert [url for url, _ in found[2:]] == ["https://a.org/5"]
    assert len(found[2][1]) <= MAX_CHARACTERS
    assert len(await asked(engine, 1)) == 1


@pytest.mark.parametrize("status", [301, 403, 404])
async def test_a_refused_web_search_is_a_permanent_failure(engine: Engine, status: int) -> None:
    engine.status = status
    with pytest.raises(NonRetryableError, match=str(status)):
        await asked(engine)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_busy_search_engine_is_a_transient_failure(engine: Engine, status: int) -> None:
    engine.status = status
    with pytest.raises(httpx.HTTPStatusError):
        await asked(engine)


@pytest.mark.parametrize("body", [b"<html>", b'{"results": [{"title": "no url"}]}', b"[]"])
async def test_an_invalid_response_is_an_error(engine: Engine, body: bytes) -> None:
    engine.body = body
    with pytest.raises(ValidationError):
        await asked(engine)


async def test_the_web_is_a_source_where_a_search_engine_is_set(engine: Engine) -> None:
    async with httpx.AsyncClient(trust_env=False) as web:
        store = MemoryStateStore()
        without = open_knowledge(ResearchSettings(), store, web)
        with_web = open_knowledge(
            ResearchSettings.model_validate({"search_url": engine.url}), store, web
        )
        assert [source.name for source in without] == ["handbook", "glossary", "notes"]
        assert [source.name for source in with_web] == ["handbook", "glossary", "notes", "web"]
        assert await with_web[-1].search("anything", 5) == []
