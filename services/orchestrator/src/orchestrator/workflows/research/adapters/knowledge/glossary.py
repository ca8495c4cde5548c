"""The glossary: definitions of the field's terms, which are part of the package."""

from importlib.resources import files

from pydantic import BaseModel, TypeAdapter

from orchestrator.toolkit.language.port import Passage
from orchestrator.toolkit.language.sentences import terms_of


class GlossaryEntry(BaseModel):
    """A term of the field, its synonyms, and its meaning."""

    term: str
    also: list[str] = []
    meaning: str


class Glossary:
    """Finds the entries whose term is in the question as a whole."""

    name = "glossary"

    def __init__(self) -> None:
        """Read the entries."""
        self._entries = read_entries()

    async def search(self, question: str, limit: int) -> list[Passage]:
        """Return the entries whose term the question has, those of the most words first."""
        words = set(terms_of(question))
        matched = [(self._matched_words(entry, words), entry) for entry in self._entries]
        ranked = sorted(matched, key=lambda match: (-match[0], match[1].term))
        return [
            Passage(
                source=self.name,
                reference=f"glossary/{entry.term.lower().replace(' ', '-')}",
                text=f"{entry.term}: {entry.meaning}",
            )
            for count, entry in ranked[:limit]
            if count
        ]

    @staticmethod
    def _matched_words(entry: GlossaryEntry, words: set[str]) -> int:
        names = [set(terms_of(name)) for name in (entry.term, *entry.also)]
        return max(len(name) if name <= words else 0 for name in names)


def read_entries() -> list[GlossaryEntry]:
    """Return every entry."""
    document = files("orchestrator.workflows.research.adapters.knowledge") / "glossary.json"
    return TypeAdapter(list[GlossaryEntry]).validate_json(document.read_bytes())
