"""Text extraction: the samples, markup in the small, and documents made to be costly."""

import json
import subprocess
import sys
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
def test_html_is_read_as_browsers_read_it(source: str, text: str) -> None:
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
def test_markdown_is_read_as_commonmark_and_tables(source: str, text: str) -> None:
    assert text_of(MediaType.MARKDOWN, source) == text


@given(st.sampled_from(MediaType), st.text() | st.text(alphabet="<>/!-&#;[]()*_`|~ab \n"))
def test_any_text_is_a_document(media_type: MediaType, source: str) -> None:
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
