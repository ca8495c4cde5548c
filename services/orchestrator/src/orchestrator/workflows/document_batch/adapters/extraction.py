"""Extracts the plain text of a document, with an empty line between paragraphs.

Documents are untrusted: both parsers take time and memory in proportion to the text, whatever it
is. lxml reports what it parses and builds no tree, so that nesting has no limit and no cost.
selectolax (60 KB of `<b><p>` become 6 GB) and markdown-it-py (1.2 s) were tried and left.
"""

import re

import pyromark
from lxml import etree

from orchestrator.workflows.document_batch.adapters.library import MediaType

# Elements whose content is not shown.
HIDDEN = frozenset({"script", "style", "template", "noscript", "svg"})
INLINE = frozenset(
    {"a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "samp"}
    | {"small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr", "font", "label"}
    | {"img", "input"}
)
SEPARATORS = {"br": "\n", "td": " ", "th": " "}
PARAGRAPH = "\n\n"
MARKDOWN = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
)

SPACES = re.compile(r"\s++")
SPACES_IN_LINE = re.compile(r"[^\S\n]++")
LINE_ENDS = re.compile(r" ?\n ?")
EMPTY_LINES = re.compile(r"\n{3,}+")


def text_of(media_type: MediaType, source: str) -> str:
    """Return the text of a document without its markup.

    Args:
        media_type: What the document is written in.
        source: The document.
    """
    if media_type is MediaType.HTML:
        source = _text_of_html(source, SPACES)
    elif media_type is MediaType.MARKDOWN:
        # Unlike those of an HTML document, the line ends in a paragraph are its author's.
        source = _text_of_html(pyromark.html(source, options=MARKDOWN), SPACES_IN_LINE)
    lines = LINE_ENDS.sub("\n", SPACES_IN_LINE.sub(" ", source.replace("\r\n", "\n")))
    return EMPTY_LINES.sub(PARAGRAPH, lines).strip()


class _TextCollector:
    """Collects the text of what the parser reports."""

    def __init__(self, spaces: re.Pattern[str]) -> None:
        self._spaces = spaces
        self._parts: list[str] = []
        self._hidden = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in HIDDEN:
            self._hidden += 1
        elif tag == "img":
            self.data(attributes.get("alt", ""))
        elif tag not in INLINE:
            self._append(SEPARATORS.get(tag, PARAGRAPH))

    def end(self, tag: str) -> None:
        if tag in HIDDEN:
            self._hidden -= 1
        elif tag not in INLINE and tag not in SEPARATORS:
            self._append(PARAGRAPH)

    def data(self, text: str) -> None:
        self._append(self._spaces.sub(" ", text))

    def _append(self, text: str) -> None:
        if not self._hidden:
            self._parts.append(text)

    def close(self) -> None:
        """Nothing is open: the parser has ended every element."""

    def text(self) -> str:
        return "".join(self._parts)


def _text_of_html(source: str, spaces: re.Pattern[str]) -> str:
    """Return the text of an HTML document.

    Args:
        source: The document.
        spaces: What is one space in it.
    """
    text, bracket, rest = source.rpartition("<")
    if bracket and ">" not in rest and not rest.startswith(("!", "?")):
        # A tag that the document ends in would take all behind it along.
        source = f"{text}&lt;{rest}"
    collector = _TextCollector(spaces)
    parser = etree.HTMLParser(target=collector, encoding="utf-8", huge_tree=False)
    parser.feed(source.encode())
    parser.close()
    return collector.text()
