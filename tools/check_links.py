"""Check that every relative link of the documentation leads to a file, and to a heading in it.

`python tools/check_links.py` prints the links that lead nowhere. Links to other sites are not
followed: whether those answer is no property of this repository.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
PAGES = ("*.md", "docs/**/*.md", ".github/**/*.md")

FENCE = re.compile(r"^(?P<fence>```|~~~).*?^(?P=fence)[ \t]*$", re.M | re.S)
# Code that looks like a link is none; a link's text may be code.
PART = re.compile(
    rf"(?P<code>{FENCE.pattern}|`[^`\n]+`)|\[(?P<text>[^\]\n]*)\]\((?P<target>[^)\s]+)\)",
    re.M | re.S,
)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
FILE_NAME = re.compile(r"[\w./-]+\.(?:py|md|json|ya?ml|sh|toml|txt)")


class Link(NamedTuple):
    """A link of a page.

    Args:
        page: The page that has it.
        text: What it says.
        path: The path, relative to the page; empty for the page itself.
        anchor: The heading in it; empty for none.
    """

    page: Path
    text: str
    path: str
    anchor: str


def main() -> int:
    """Return 0 where every link leads somewhere; else print those that do not, and return 1."""
    problems = [problem for page in pages(PROJECT) for problem in broken(page)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def pages(project: Path) -> list[Path]:
    """Return the pages of the documentation, by path.

    Args:
        project: The folder of the checkout.
    """
    return sorted({page for pattern in PAGES for page in project.glob(pattern)})


def broken(page: Path) -> Iterator[str]:
    """Yield what is wrong with each link of a page that leads nowhere."""
    for link in links(page):
        target = (page.parent / link.path).resolve() if link.path else page
        where = f"{page.relative_to(PROJECT)}: {link.path or page.name}"
        if PROJECT not in (target, *target.parents):
            yield f"{where} is outside the repository"
        elif not target.exists():
            yield f"{where} is not there"
        elif FILE_NAME.fullmatch(link.text) and not target.as_posix().endswith(link.text):
            yield f"{where} is called {link.text}"
        elif link.anchor and target.suffix != ".md":
            yield f"{where} has no headings, so no #{link.anchor}"
        elif link.anchor and link.anchor not in anchors(target.read_text(encoding="utf-8")):
            yield f"{where} has no heading #{link.anchor}"


def links(page: Path) -> Iterator[Link]:
    """Yield the links of a page that stay in the repository, those in code left out."""
    for part in PART.finditer(page.read_text(encoding="utf-8")):
        if not part["code"] and not ELSEWHERE.match(part["target"]):
            path, _, anchor = part["target"].partition("#")
            yield Link(page, part["text"].strip("`"), path, anchor)


def anchors(markdown: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site make them.

    Args:
        markdown: The page's text.
    """
    seen: Counter[str] = Counter()
    found = set()
    for heading in HEADING.findall(FENCE.sub("", markdown)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return found


if __name__ == "__main__":
    sys.exit(main())
