"""What the sources of knowledge find."""

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
from orchestrator.workflows.research.adapters.knowledge.bm25 import Bm25
from orchestrator.workflows.research.adapters.knowledge.glossary import Glossary, read_entries
from orchestrator.workflows.research.adapters.knowledge.handbook import Handbook, read_articles
from orchestrator.workflows.research.adapters.knowledge.web import WebSearch
from orchestrator.workflows.research.knowledge import MAX_CHARACTERS, MAX_PASSAGES, shortened
from orchestrator.workflows.research.settings import ResearchSettings
from servicekit.testing import MemoryStateStore

TEXTS = [["retry", "pause", "retry"], ["retry", "pod", "probe"], ["saga"], ["saga", "pod"]]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    assert Bm25([["a", "b"], ["b", "c"], ["b", "d"]]).best(["b", "d"], 3)[0] == 2


def test_a_text_that_says_it_more_often_is_first() -> None:
    assert Bm25(TEXTS).best(["retry"], 5) == [0, 1]


def test_a_short_text_is_before_a_long_one() -> None:
    assert Bm25(TEXTS).best(["saga"], 5) == [2, 3]


def test_the_scores_are_those_of_the_formula() -> None:
    # By hand: the average length is 2, "saga" is in one of two texts, and ln(1 + 1.5/1.5) = ln 2.
    [best] = Bm25([["saga"], ["pod", "pod", "probe"]]).best(["saga"], 1)
    assert best == 0
    assert Bm25([["saga"], ["pod", "pod", "probe"]])._score(["saga"], 0) == pytest.approx(
        0.693147 * 2.2 / (1 + 1.2 * (0.25 + 0.75 / 2)), rel=1e-5
    )


def test_what_no_text_has_finds_nothing() -> None:
    assert Bm25(TEXTS).best(["tea"], 5) == []
    assert Bm25(TEXTS).best([], 5) == []


async def test_the_handbook_finds_the_section_that_is_about_it() -> None:
    found = await Handbook().search("How long must I keep an idempotency key?", MAX_PASSAGES)
    assert len(found) == MAX_PASSAGES
    assert found[0].reference == "handbook/idempotency#how-long-to-keep-keys"
    assert {passage.source for passage in found} == {"handbook"}


async def test_the_handbook_does_not_know_everything() -> None:
    assert await Handbook().search("marmalade", MAX_PASSAGES) == []


def test_each_section_fits_into_a_passage_and_has_a_name_of_its_own() -> None:
    sections = read_articles()
    assert all(0 < len(section.text) <= MAX_CHARACTERS for section in sections)
    assert len({section.reference for section in sections}) == len(sections)
    assert len({section.reference.partition("#")[0] for section in sections}) >= 10


async def test_the_glossary_finds_what_the_question_names_in_full() -> None:
    found = await Glossary().search("Is a dead letter queue a queue?", MAX_PASSAGES)
    assert [passage.reference for passage in found] == ["glossary/dead-letter-queue"]
    assert await Glossary().search("Is a queue long?", MAX_PASSAGES) == []


async def test_the_glossary_knows_other_words_for_it() -> None:
    found = await Glossary().search("What does a sub-orchestration do?", MAX_PASSAGES)
    assert found[0].text.startswith("Child workflow: ")


def test_each_entry_of_the_glossary_fits_and_is_there_once() -> None:
    entries = read_entries()
    assert all(len(f"{e.term}: {e.meaning}") <= MAX_CHARACTERS for e in entries)
    assert len({entry.term.casefold() for entry in entries}) == len(entries)


def test_a_long_text_is_cut_at_a_word() -> None:
    cut = shortened("word " * 300)
    assert len(cut) <= MAX_CHARACTERS
    assert cut.endswith(" word…")
    assert len(shortened("x" * 5_000)) == MAX_CHARACTERS


class Engine:
    """A search engine that answers as it was told."""

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


async def test_the_web_is_asked_as_searxng_wants_it(engine: Engine) -> None:
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
async def test_a_web_search_that_is_refused_is_not_repeated(engine: Engine, status: int) -> None:
    engine.status = status
    with pytest.raises(NonRetryableError, match=str(status)):
        await asked(engine)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_search_engine_that_is_busy_is_asked_again(engine: Engine, status: int) -> None:
    engine.status = status
    with pytest.raises(httpx.HTTPStatusError):
        await asked(engine)


@pytest.mark.parametrize("body", [b"<html>", b'{"results": [{"title": "no url"}]}', b"[]"])
async def test_an_answer_that_makes_no_sense_is_an_error(engine: Engine, body: bytes) -> None:
    engine.body = body
    with pytest.raises(ValidationError):
        await asked(engine)


async def test_the_web_is_a_source_where_there_is_a_search_engine(engine: Engine) -> None:
    async with httpx.AsyncClient(trust_env=False) as web:
        store = MemoryStateStore()
        without = open_knowledge(ResearchSettings(), store, web)
        with_web = open_knowledge(
            ResearchSettings.model_validate({"search_url": engine.url}), store, web
        )
        assert [source.name for source in without] == ["handbook", "glossary", "notes"]
        assert [source.name for source in with_web] == ["handbook", "glossary", "notes", "web"]
        assert await with_web[-1].search("anything", 5) == []
