"""The search of the handbook."""

from orchestrator.workflows.research.adapters.knowledge.handbook import Handbook, read_articles
from orchestrator.workflows.research.knowledge import MAX_CHARACTERS, MAX_PASSAGES


async def test_the_handbook_finds_the_section_on_the_question() -> None:
    found = await Handbook().search("How long must I keep an idempotency key?", MAX_PASSAGES)
    assert len(found) == MAX_PASSAGES
    assert found[0].reference == "handbook/idempotency#how-long-to-keep-keys"
    assert {passage.source for passage in found} == {"handbook"}


async def test_the_handbook_returns_nothing_without_a_match() -> None:
    assert await Handbook().search("marmalade", MAX_PASSAGES) == []


def test_each_section_fits_into_a_passage_and_has_a_unique_reference() -> None:
    sections = read_articles()
    assert all(0 < len(section.text) <= MAX_CHARACTERS for section in sections)
    assert len({section.reference for section in sections}) == len(sections)
    assert len({section.reference.partition("#")[0] for section in sections}) >= 10
