"""Documents: kept once, read without their markup, told apart."""

import contextlib
import time

import pytest

from orchestrator.workflows.document_batch.adapters.classification import Classifier
from orchestrator.workflows.document_batch.adapters.extraction import text_of
from orchestrator.workflows.document_batch.adapters.library import (
    MAX_TEXT,
    Document,
    Library,
    MediaType,
    samples,
)
from orchestrator.workflows.document_batch.models import DocumentClass
from orchestrator.workflows.document_batch.settings import DocumentBatchSettings
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore

HTML = """<!DOCTYPE html><!-- <p>hidden</p> --><title>News</title>
<style>p > b { color: red }</style><script>if (a < b) { "</p>" }</SCRIPT>
<h1 class='a > b'>The  river</h1><p>It rose by 3&nbsp;m &amp; fell,<br>as
<b>un</b>expected &lt;so&gt;.</p>
<ul><li>One<li>Two</ul><table><tr><td>a</td><td>b</td></tr></table> 1 < 2 <p"""

MARKDOWN = """Title
=====

## A *heading* ##
Some **bold** and `code`, a [link](https://x.org/a_b "t"), an ![image](i.png) and snake_case.
It goes _on_ here.
- one
- two
> said

```python
x = 1
```

| a | b |
|---|---|
| 1 | 2 |
"""


def test_html_is_read_without_its_markup() -> None:
    assert text_of(MediaType.HTML, HTML).split("\n\n") == [
        "News",
        "The river",
        "It rose by 3 m & fell,\nas unexpected <so>.",
        "One",
        "Two",
        "a b",
        "1 < 2 <p",
    ]


def test_markdown_is_read_without_its_markup() -> None:
    text = text_of(MediaType.MARKDOWN, MARKDOWN)
    assert "Some bold and code, a link, an image and snake_case.\nIt goes on here." in text
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    assert {"Title", "A heading", "one", "two", "said", "x = 1", "a b", "1 2"} <= set(paragraphs)
    assert not set("*`|>#") & set(text)


def test_plain_text_is_read_as_it_is() -> None:
    assert text_of(MediaType.PLAIN, " a <b> *c*\r\n\r\n\r\n\r\nd ") == "a <b> *c*\n\nd"


BEGINNINGS = ["<", "<a ", "<!--", "<!", "</", "<a '", "<script>", "<script></", "&#x", "x=", "["]


@pytest.mark.parametrize("media_type", MediaType)
@pytest.mark.parametrize(
    "piece", [*BEGINNINGS, "[a](", "*", "_", "a_", "`", "|-", " ", "\n ", "> "]
)
def test_the_time_it_takes_grows_with_the_length_alone(media_type: MediaType, piece: str) -> None:
    began = time.process_time()
    text_of(media_type, piece * (MAX_TEXT // len(piece)))
    # Some 0.05 s; an expression that goes back and forth takes from 2 s to 40 s.
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("invoice", DocumentClass.INVOICE),
        ("contract", DocumentClass.CONTRACT),
        ("report", DocumentClass.REPORT),
        ("letter", DocumentClass.LETTER),
        ("minutes", DocumentClass.OTHER),
        ("newsletter", DocumentClass.OTHER),
    ],
)
def test_the_samples_are_told_apart(name: str, expected: DocumentClass) -> None:
    classifier = Classifier.of(DocumentBatchSettings().document_classes_file)
    sample = samples()[name]
    assert classifier.classify(text_of(sample.media_type, sample.text)) is expected


def test_a_word_within_another_does_not_count() -> None:
    classifier = Classifier.of(DocumentBatchSettings().document_classes_file)
    assert classifier.classify("Reporting invoiced endearing reporters") is DocumentClass.OTHER
    assert classifier.classify("INVOICE\nAmount\ndue: 4") is DocumentClass.INVOICE


async def test_a_document_is_kept_once() -> None:
    library = Library(MemoryStateStore())
    mine, other = Document(text="Mine."), Document(text="Another.")
    assert await library.put("a", mine) == (mine, True)
    assert await library.put("a", mine) == (mine, False)
    assert await library.put("a", other) == (mine, False)
    assert await library.get("a") == mine
    assert await library.get("b") is None


@pytest.mark.parametrize("lands", [True, False])
async def test_an_upload_that_crashed_can_be_repeated(lands: bool) -> None:
    store, mine = MemoryStateStore(), Document(text="Mine.")
    store.writes_until_crash, store.crash_lands = 0, lands
    with contextlib.suppress(StoreUnavailable):
        await Library(store).put("a", mine)
    assert await Library(store).put("a", mine) == (mine, not lands)


async def test_samples_go_by_name_and_in_turn() -> None:
    library = Library(MemoryStateStore())
    assert await library.get("sample-letter") == samples()["letter"]
    assert await library.get("sample-1") == await library.get("sample-7") is not None
    assert await library.get("sample-1") != await library.get("sample-2")
    for unknown in ("sample-0", "sample-01", "sample-x", "sample-"):
        assert await library.get(unknown) is None
        assert await library.put(unknown, Document(text="Mine.")) == (None, False)
