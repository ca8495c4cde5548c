"""The glossary: what the field's words mean, which is part of the package."""

from importlib.resources import files

from pydantic import BaseModel, TypeAdapter

from orchestrator.toolkit.language.port import Passage
from orchestrator.toolkit.language.sentences import terms_of


class Entry(BaseModel):
    """A word of the field, other words for it, and what it means."""

    term: str
    also: list[str] = []
    meaning: str


class Glossary:
    """Finds the entries whose whole name is in the question."""

    name = "glossary"

    def __init__(self) -> None:
        """Read the entries."""
        self._entries = read_entries()

    async def search(self, question: str, limit: int) -> list[Passage]:
        """Return the entries that the question names, those of the most words first."""
        asked = set(terms_of(question))
        matched = [(self._words_named(entry, asked), entry) for entry in self._entries]
        ranked = sorted(matched, key=lambda match: (-match[0], match[1].term))
        return [
            Passage(
                source=self.name,
                reference=f"glossary/{entry.term.lower().replace(' ', '-')}",
                text=f"{entry.term}: {entry.meaning}",
            )
            for words, entry in ranked[:limit]
            if words
        ]

    @staticmethod
    def _words_named(entry: Entry, asked: set[str]) -> int:
        names = [set(terms_of(name)) for name in (entry.term, *entry.also)]
        return max(len(name) if name <= asked else 0 for name in names)


def read_entries() -> list[Entry]:
    """Return every entry."""
    document = files("orchestrator.workflows.research.adapters.knowledge") / "glossary.json"
    return TypeAdapter(list[Entry]).validate_json(document.read_bytes())
