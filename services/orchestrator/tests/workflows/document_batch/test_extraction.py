"""Text extraction: samples, pieces of markup, and hostile documents."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.workflows.document_batch.adapters.extraction import text_of
from orchestrator.workflows.document_batch.adapters.library import MAX_TEXT, MediaType, samples

# As they were extracted by the regular expressions that lxml and pyromark replace.
EXTRACTED = Path(__file__).parent / "extracted"


@pytest.mark.parametrize("name", [path.stem for path in sorted(EXTRACTED.iterdir())])
def test_the_text_of_each_sample_is_extracted(name: str) -> None:
    sample = samples()[name]
    expected = (EXTRACTED / f"{name}.txt").read_text(encoding="utf-8")
    assert text_of(sample.media_type, sample.text) + "\n" == expected


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


def test_html_is_extracted_without_its_markup() -> None:
    assert text_of(MediaType.HTML, HTML).split("\n\n") == [
        "News",
        "The river",
        "It rose by 3 m & fell,\nas unexpected <so>.",
        "One",
        "Two",
        "a b",
        "1 < 2 <p",
    ]


def test_markdown_is_extracted_without_its_markup() -> None:
    text = text_of(MediaType.MARKDOWN, MARKDOWN)
    assert "Some bold and code, a link, an image and snake_case.\nIt goes on here." in text
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    assert {"Title", "A heading", "one", "two", "said", "x = 1", "a b", "1 2"} <= set(paragraphs)
    assert not set("*`|>#") & set(text)


def test_plain_text_stays_as_it_is() -> None:
    assert text_of(MediaType.PLAIN, " a <b> *c*\r\n\r\n\r\n\r\nd ") == "a <b> *c*\n\nd"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "&lt;b&gt; &amp;amp; &#8364; &#x20AC; &eacute; &bogus; &#xD800;",
            "<b> &amp; € € é &bogus; �",
        ),
        ("a<svg><text>b</text></svg><noscript>c</noscript><template>d</template>e", "ae"),
        ("<script>if (a < b) '</p>'", ""),
        ("<p>a<!-- b <p> c --><p>d", "a\n\nd"),
        ("<meta charset=latin1><?xml encoding='ascii'?>ä €", "ä €"),
        ("<img src=i.png alt='A river'> in <em>spring</em>", "A river in spring"),
        ("Less <than 5", "Less <than 5"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<b><p>" * 9_000 + "the end", "the end"),
    ],
)
def test_html_is_parsed_as_by_browsers(source: str, text: str) -> None:
    assert text_of(MediaType.HTML, source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a <b>bold</b> word<script>hidden</script>", "a bold word"),
        ("[text][1] and <https://x.org>\n\n[1]: https://y.org", "text and https://x.org"),
        ("- [x] done\n- ~~never~~ [ ] open", "done\n\nnever [ ] open"),
        ("    code < 1\n", "code < 1"),
        (r"2 \* 3 * 4", "2 * 3 * 4"),
        ("# Title #\n\n> said\n>\n> more", "Title\n\nsaid\n\nmore"),
    ],
)
def test_markdown_is_parsed_as_commonmark_with_tables(source: str, text: str) -> None:
    assert text_of(MediaType.MARKDOWN, source) == text


BEGINNINGS = ["<", "<a ", "<!--", "<!", "</", "<a '", "<script>", "<script></", "&#x", "x=", "["]


@pytest.mark.parametrize("media_type", MediaType)
@pytest.mark.parametrize(
    "piece", [*BEGINNINGS, "[a](", "*", "_", "a_", "`", "|-", " ", "\n ", "> "]
)
def test_the_time_is_proportional_to_the_length(media_type: MediaType, piece: str) -> None:
    began = time.process_time()
    text_of(media_type, piece * (MAX_TEXT // len(piece)))
    # Some 0.05 s; an expression that goes back and forth takes from 2 s to 40 s.
    assert time.process_time() - began < 1


@given(st.sampled_from(MediaType), st.text() | st.text(alphabet="<>/!-&#;[]()*_`|~ab \n"))
def test_any_text_is_extracted_without_an_error(media_type: MediaType, source: str) -> None:
    text_of(media_type, source)


HOSTILE = {
    MediaType.HTML: [
        *("<b><p>", "<p><b>", "<div>", "<table><tr><td>", "<a><b>", "<font>", "<select>", "<svg>"),
        *("</p>", "<a b=c ", "&amp", "&#1", "&#99999999999;", "<!DOCTYPE ", "<![CDATA[", "\x00"),
    ],
    MediaType.MARKDOWN: [
        *("[", "[[", "![", "[a](", "[a]: b\n", "*a_ ", "**a*b_c__", "*a **a ", "> ", "1. ", "- "),
        *("```\n", "|a|b|\n|-|-|\n", "\\", "<b><p>", "&#99999999999;", "<", "`", "~~"),
    ],
}
MEASURE = """
import json, resource, sys, time
from orchestrator.workflows.document_batch.adapters.extraction import text_of
from orchestrator.workflows.document_batch.adapters.library import MediaType

def peak():
    kilobytes = 1024 if sys.platform != "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilobytes

before, slowest = peak(), ["", 0.0]
for media_type, piece, length in json.load(sys.stdin):
    began = time.process_time()
    text_of(MediaType(media_type), piece * (length // len(piece)))
    slowest = max(slowest, [piece, time.process_time() - began], key=lambda took: took[1])
print(json.dumps({"slowest": slowest, "bytes": peak() - before}))
"""


def test_a_hostile_document_takes_little_time_and_memory() -> None:
    """In a process of its own, whose peak is that of the extraction alone."""
    documents = [(kind, piece, MAX_TEXT) for kind, pieces in HOSTILE.items() for piece in pieces]
    child = subprocess.run(
        [sys.executable, "-c", MEASURE],
        input=json.dumps(documents),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    measured = json.loads(child.stdout)
    # Some 0.1 s and 20 MB; parsers that were tried took up to 1.2 s, and 6 GB.
    assert measured["slowest"][1] < 1, measured
    assert measured["bytes"] < 100_000_000, measured
