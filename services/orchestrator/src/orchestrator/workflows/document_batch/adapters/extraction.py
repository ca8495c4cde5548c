"""Turns a document into plain text, with an empty line between paragraphs.

Each expression takes time in proportion to the text, whatever the text is: 64 KiB of "<a " keep
Python's own html.parser busy for 40 s before 3.11.14, which is why it is not used.
"""

import re
from html import unescape

from orchestrator.workflows.document_batch.adapters.library import MediaType

# A tag, a comment or a declaration. A '<' ends the search for a tag's end, and nothing is tried
# twice (`*+`), so that many beginnings without an end cost no more than their length.
MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*+)(?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+>"
    r"|<[!?][^<>]*+>",
    re.DOTALL,
)
UNSEEN = frozenset({"script", "style", "template", "noscript", "svg"})
INLINE = frozenset(
    {"a", "abbr", "b", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "samp"}
    | {"small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr", "font", "label"}
)
IN_LINE_BREAKS = {"br": "\n", "td": " ", "th": " "}

SPACES = re.compile(r"\s++")
SPACES_IN_LINE = re.compile(r"[^\S\n]++")
LINE_ENDS = re.compile(r" ?\n ?")
EMPTY_LINES = re.compile(r"\n{3,}+")

# Markdown: what begins a line, and what is around words.
FENCE = re.compile(r"^[ \t]{0,3}(?:```|~~~).*$", re.MULTILINE)
RULE = re.compile(r"^[ \t]{0,3}[-=*_|:][-=*_|: \t]++$", re.MULTILINE)
BLOCK = re.compile(
    r"^[ \t]{0,8}(?:#{1,6}[ \t]|>[ \t]?|[-*+][ \t]|[0-9]{1,3}[.)][ \t])[ \t]{0,8}", re.MULTILINE
)
HEADING_END = re.compile(r"[ \t]#++[ \t]*+$", re.MULTILINE)
LINK = re.compile(r"!?\[([^\[\]]*+)\](?:\([^()\n]*+\)|\[[^\[\]]*+\])")
EMPHASIS = re.compile(r"[*`|]++|(?<!\w)_++|_++(?!\w)|~~")


def text_of(media_type: MediaType, source: str) -> str:
    """Return the text of a document without its markup."""
    if media_type is MediaType.HTML:
        source = _of_html(source)
    elif media_type is MediaType.MARKDOWN:
        source = _of_markdown(source)
    lines = LINE_ENDS.sub("\n", SPACES_IN_LINE.sub(" ", source.replace("\r\n", "\n")))
    return EMPTY_LINES.sub("\n\n", lines).strip()


def _of_html(source: str) -> str:
    parts: list[str] = []
    position = 0
    while (found := MARKUP.search(source, position)) is not None:
        parts.append(SPACES.sub(" ", unescape(source[position : found.start()])))
        position = found.end()
        name = (found["name"] or "").casefold()
        if name in UNSEEN and not found["end"]:
            # As browsers do, pass over all that comes before the end of it, markup or not.
            end = re.compile(rf"</{name}", re.IGNORECASE).search(source, position)
            position = end.start() if end else len(source)
        elif name and name not in INLINE:
            parts.append(IN_LINE_BREAKS.get(name, "\n\n"))
    parts.append(SPACES.sub(" ", unescape(source[position:])))
    return "".join(parts)


def _of_markdown(source: str) -> str:
    source = RULE.sub("", FENCE.sub("\n", source.replace("\r\n", "\n")))
    source = HEADING_END.sub("", source)
    # A heading or an item of a list is a paragraph, for no full stop ends it.
    lines = [f"\n{line}\n" if BLOCK.match(line) else line for line in source.split("\n")]
    return EMPHASIS.sub("", LINK.sub(r"\1", BLOCK.sub("", "\n".join(lines))))
