"""The handbook: articles on durable task processing, which are part of the package."""

from dataclasses import dataclass
from importlib.resources import files

from orchestrator.toolkit.language.port import Passage
from orchestrator.toolkit.language.sentences import terms_of
from orchestrator.workflows.research.adapters.knowledge.bm25 import Bm25


@dataclass(frozen=True)
class Section:
    """A section of an article; the article's title is searched as well."""

    reference: str
    title: str
    text: str


class Handbook:
    """Searches the sections of the articles by their terms."""

    name = "handbook"

    def __init__(self) -> None:
        """Read and index every article."""
        self._sections = read_articles()
        self._index = Bm25([terms_of(f"{s.title} {s.text}") for s in self._sections])

    async def search(self, question: str, limit: int) -> list[Passage]:
        """Return the sections that match best."""
        best = [self._sections[i] for i in self._index.best(terms_of(question), limit)]
        return [Passage(source=self.name, reference=s.reference, text=s.text) for s in best]


def read_articles() -> list[Section]:
    """Return the sections of every article, in the order of the articles' names."""
    folder = files("orchestrator.workflows.research.adapters.knowledge") / "handbook"
    articles = sorted(
        (article for article in folder.iterdir() if article.name.endswith(".md")),
        key=lambda article: article.name,
    )
    return [
        section
        for article in articles
        for section in _sections(
            article.name.removesuffix(".md"), article.read_text(encoding="utf-8")
        )
    ]


def _sections(name: str, article: str) -> list[Section]:
    """Split an article: its heading and what follows it, then each part with its own heading."""
    [first, *parts] = article.removeprefix("# ").split("\n## ")
    title, _, opening = first.partition("\n")
    sections = [Section(f"handbook/{name}", title, _one_line(opening))]
    for part in parts:
        heading, _, text = part.partition("\n")
        anchor = heading.lower().replace(" ", "-")
        sections.append(Section(f"handbook/{name}#{anchor}", f"{title} {heading}", _one_line(text)))
    return sections


def _one_line(text: str) -> str:
    return " ".join(text.split())
