"""The search of the glossary."""

from orchestrator.workflows.research.adapters.knowledge.glossary import Glossary, read_entries
from orchestrator.workflows.research.knowledge import MAX_CHARACTERS, MAX_PASSAGES


async def test_the_glossary_finds_terms_that_the_question_has_as_a_whole() -> None:
    found = await Glossary().search("Is a dead letter queue a queue?", MAX_PASSAGES)
    assert [passage.reference for passage in found] == ["glossary/dead-letter-queue"]
    assert await Glossary().search("Is a queue long?", MAX_PASSAGES) == []


async def test_the_glossary_finds_synonyms() -> None:
    found = await Glossary().search("What does a sub-orchestration do?", MAX_PASSAGES)
    assert found[0].text.startswith("Child workflow: ")


def test_each_entry_fits_into_a_passage_and_is_unique() -> None:
    entries = read_entries()
    assert all(len(f"{e.term}: {e.meaning}") <= MAX_CHARACTERS for e in entries)
    assert len({entry.term.casefold() for entry in entries}) == len(entries)
